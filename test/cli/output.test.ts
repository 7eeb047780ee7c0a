import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';

const entry = join(packageRoot, 'dist/cli.js');
const shell = (command: string): ReturnType<typeof spawnSync> =>
  spawnSync('sh', ['-c', command, 'sh', process.execPath, entry], { encoding: 'utf8' });

test.skipIf(!existsSync('/dev/full'))('an output that is full is one line, and fails', () => {
  for (const command of ['"$1" "$2" --help > /dev/full', '"$1" "$2" devices --json > /dev/full']) {
    const { status, stderr } = shell(command);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Error: Cannot write the output: no space left on the device\.[^\n]*\n$/);
  }
});

test.skipIf(!existsSync('/dev/full'))('an error that cannot be shown keeps its exit code', () => {
  expect(shell('"$1" "$2" pipeline --no-such-flag 2> /dev/full').status).toBe(2);
});

test.skipIf(process.platform === 'win32')(
  'few open files, or a folder that is gone, are one line each',
  () => {
    const gone = join(tmpdir(), `titlesmith-gone-${process.pid}`);
    for (const command of [
      'ulimit -n 24; "$1" "$2" devices',
      `mkdir "${gone}" && cd "${gone}" && rmdir "${gone}" && "$1" "$2" devices`,
    ]) {
      const { status, stderr } = shell(command);
      expect(stderr).toMatch(/^Error: .*(too many open files|no longer there).*\n$/);
      expect(status).not.toBe(0);
    }
  },
);

test('a training whose reader goes away saves before it ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-reader-'));
  const command =
    'pipeline --source sample --subreddit showerthoughts --model nano --steps 100000 --threads 1 --json';
  const child = spawn(process.execPath, [entry, ...command.split(' '), '--runs-dir', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (/"stage":"finetune","kind":"progress"[^\n]*"label":"train"/.test(said)) child.stdout.destroy();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Interrupted at step \d+ of 100,?000; the checkpoint is saved\.[^\n]*\n$/);
  const manifest = JSON.parse(readFileSync(join(folder, 'showerthoughts', 'run.json'), 'utf8'));
  expect(manifest.stages.finetune.status).toBe('interrupted');
  rmSync(folder, { recursive: true, force: true });
});
