import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { lastingFiles, patience, readBatch, smallOptions, writeDumps } from './batch-fixture.js';
import { atMoments, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
const names = ['alpha', 'bravo', 'charlie', 'delta'];
const count = names.length;

/** A shard as Cloud Run starts it, on a disk of its own. */
const shard = (index: number, ...more: string[]): Parameters<typeof runCli> => [
  ['batch', 'batch.yaml', '--results', 'shared', '--runs-dir', `disk-${index}`, '--json', ...more],
  folder,
  { CLOUD_RUN_TASK_INDEX: String(index), CLOUD_RUN_TASK_COUNT: String(count) },
];

beforeAll(() => {
  writeDumps(join(folder, 'dumps'), { '2019-01': 40 }, names);
  const list = names.map((name) =>
    name === 'charlie' ? '  charlie:\n' : `  ${name}:\n    until: dataset\n`,
  );
  writeFileSync(join(folder, 'batch.yaml'), `options:\n${smallOptions}subreddits:\n${list.join('')}`);
});

test('four shards, one of them killed and started again, are one batch', async () => {
  const [command, cwd, environment] = shard(2);
  const kill = atMoments({ signal: 'SIGKILL', output: /"stage":"finetune".*"done":2,/ });
  const killed = runCli(command, cwd, { ...environment, ...kill });
  const others = [0, 1, 3].map((index) => runCli(...shard(index)));
  expect((await killed).signal).toBe('SIGKILL');
  expect((await Promise.all(others)).map(({ code }) => code)).toEqual([0, 0, 0]);

  const early = await runCli(['batch', 'merge', 'shared'], folder);
  expect(early.code).toBe(1);
  expect(early.output).toContain('3 of 3 runs done; shards missing: 2 of 4');

  const again = await runCli(...shard(2, '--resume', ...patience));
  expect(again.code).toBe(0);
  const merged = await runCli(['batch', 'merge', 'shared'], folder);
  expect(merged.output).toMatch(/^4 of 4 runs done$/m);
  expect(merged.code).toBe(0);
  const record = readBatch(join(folder, 'shared'));
  expect(record.runs.map(({ name, status }) => [name, status])).toEqual(names.map((name) => [name, 'done']));
  expect(record.shard).toBeNull();

  // A new machine takes what is kept instead of doing it again.
  const elsewhere = await runCli(['batch', 'batch.yaml', '--results', 'shared', '--runs-dir', 'new'], folder);
  expect(elsewhere.errors).toMatch(/^charlie taken from shared$/m);
  expect(elsewhere.code).toBe(0);
  expect(lastingFiles(join(folder, 'new/charlie'))).toEqual(lastingFiles(join(folder, 'disk-2/charlie')));
});
