import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lastingFiles, readBatch, smallOptions, writeDumps } from './batch-fixture.js';
import { type Finished, startCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
const limit = 320e6;

/** A control group of its own with little memory, of either version; undefined where this machine does not allow one. */
function makeGroup(): string | undefined {
  const name = `titlesmith-test-${process.pid}`;
  const kinds = [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const;
  for (const [mount, file] of kinds) {
    const group = join(mount, name);
    try {
      mkdirSync(group);
      if (!existsSync(join(group, file))) throw new Error('no controller of memory');
      writeFileSync(join(group, file), String(limit));
      // Without it what does not fit would go on, slowly, on a machine that swaps.
      const swap = join(group, 'memory.swap.max');
      if (existsSync(swap)) writeFileSync(swap, '0');
      const enters = spawnSync('sh', ['-c', 'echo $$ > "$0/cgroup.procs"', group]).status === 0;
      if (enters) return group;
    } catch {
      // The next kind, if any.
    }
    if (existsSync(group)) rmdirSync(group);
  }
  return undefined;
}

const group = makeGroup();
if (!group) console.info('Skipped: batches with little memory. No control group can be made here.');
afterAll(() => {
  if (group) rmdirSync(group);
});

/** Runs titlesmith in the group. */
function runInGroup(...given: readonly string[]): Promise<Finished> {
  const enter = ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', group!];
  return startCli(given, folder, {}, enter).finished;
}

describe.skipIf(!group)('a batch on a machine with little memory', () => {
  beforeAll(() => {
    writeDumps(join(folder, 'dumps'), { '2019-01': 200 }, ['alpha', 'bravo', 'charlie', 'delta']);
    const own = smallOptions.replace('  model: nano\n', '').replace('  batch-size: 1\n', '');
    const runs = [
      'alpha:\n      model: nano\n      batch-size: 1\n      until: dataset',
      // Fits as far as can be known before: its texts side by side take more.
      'bravo:\n      model: nano\n      batch-size: 1\n      nsamples: 4096\n      slots: 4096',
      'charlie:\n      model: 124M',
      'delta:\n      model: nano\n      batch-size: 512',
    ];
    writeFileSync(
      join(folder, 'batch.yaml'),
      `retries: 0\noptions:\n${own}subreddits:\n${runs.map((run) => `  - ${run}\n`).join('')}`,
    );
  });

  test('knows how much that is, refuses what cannot fit, and says what the system killed for it', async () => {
    const done = await runInGroup('batch', 'batch.yaml', '--runs-dir', 'runs');
    expect(done.errors).toMatch(
      /^4 runs, up to 1 at a time, within [123]\d\d\.\d MB of memory, nine tenths of what this container or control group has free$/m,
    );
    expect(done.errors).toContain(
      'charlie: Error: Training 124M needs at least 2.0 GB of memory, but this container or control group has 320.0 MB.',
    );
    expect(done.errors).toContain(
      'delta: Error: Training nano with 512 rows of 64 tokens in a batch takes some ',
    );
    expect(done.errors).toMatch(
      /^bravo: Error: It was killed, memory having run out: this container or control group has 320\.0 MB\. Lower --batch-size/m,
    );
    expect(done.output).toMatch(/^1 of 4 runs done; failed: bravo, charlie, delta$/m);
    expect(done.code).toBe(1);
    const record = readBatch(join(folder, 'runs'));
    expect(record.runs.map(({ status, error }) => [status, error?.code ?? null])).toEqual([
      ['done', null],
      ['failed', 'out-of-memory'],
      ['failed', 'memory'],
      ['failed', 'memory'],
    ]);
    // Nothing was asked for what was refused.
    expect(existsSync(join(folder, 'runs/charlie'))).toBe(false);
    const before = lastingFiles(join(folder, 'runs/alpha'));
    expect(Object.keys(before)).toContain('dataset/train.txt');
    // The run that was killed goes on with less.
    const file = readFileSync(join(folder, 'batch.yaml'), 'utf8').replace(
      'nsamples: 4096\n      slots: 4096',
      'nsamples: 5',
    );
    writeFileSync(join(folder, 'batch.yaml'), file);
    const again = await runInGroup('batch', 'batch.yaml', '--runs-dir', 'runs');
    expect(again.output).toMatch(/^2 of 4 runs done; failed: charlie, delta$/m);
    expect(lastingFiles(join(folder, 'runs/alpha'))).toEqual(before);
  });
});
