import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { firstAccepted, overviewOf } from '../../src/pipeline/overview/run-overview.js';
import { assertInputs } from '../../src/pipeline/stage-work.js';

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-unreadable-'));
const shut = ['runs/shut/samples', 'runs/untold/checkpoint', 'closed'];
chmodSync(folder, 0o755);
for (const path of [...shut, 'runs/open', 'accepted.txt']) mkdirSync(join(folder, path), { recursive: true });
for (const name of ['shut', 'untold', 'open']) writeFileSync(join(folder, 'runs', name, 'run.json'), '{}');
symlinkSync('dataset', join(folder, 'dataset'));
for (const path of shut) chmodSync(join(folder, path), 0);
afterAll(() => {
  for (const path of shut) chmodSync(join(folder, path), 0o700);
  rmSync(folder, { recursive: true });
});

/** Root may read everything, so that another account is needed. */
const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

function titlesmith(...words: readonly string[]) {
  const options = { cwd: folder, encoding: 'utf8', ...account } as const;
  const program = join(packageRoot, 'dist/cli.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], options);
  return { status, stdout, stderr };
}

const canStart = process.platform !== 'win32' && titlesmith('--version').status === 0;
if (!canStart)
  console.warn('Skipped: folders that may not be read, as no other account can start titlesmith here.');

describe.skipIf(!canStart)('what this account may not read', () => {
  test('is said of the run that it is of, and the others are listed', () => {
    const { status, stdout } = titlesmith('list');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^open .*run\.json is damaged/m);
    expect(stdout).toMatch(/^shut .*Cannot read runs\/shut\/samples: permission denied/m);
    expect(stdout).toContain('3 runs in runs');
  });

  test('is not said to be empty, nor untrained', () => {
    expect(titlesmith('list', 'closed')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^Error: Cannot read closed: permission denied\. .*\n$/),
    });
    expect(titlesmith('info', 'runs/untold')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^Error: Cannot read runs\/untold\/checkpoint: permission denied\. .*\n$/,
      ),
    });
  });
});

test('all files of a run are counted', async () => {
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(join(folder, 'runs/open', name));
    for (const size of [1000, 2000, 3000])
      writeFileSync(join(folder, 'runs/open', name, `${size}`), 'x'.repeat(size));
  }
  expect((await overviewOf(join(folder, 'runs/open'))).bytes).toBe(3 * 6000 + 2);
});

test('a file that is a folder, or leads in a circle, is named', () => {
  expect(() => firstAccepted(folder)).toThrow(/accepted\.txt: it is a folder, not a file/);
  expect(() => assertInputs('finetune', folder)).toThrow(/Cannot read .*: its links lead in a circle/);
});
