import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lastingFiles, patience, readBatch, smallOptions, writeDumps } from './batch-fixture.js';
import { atMoments, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
const lines = (path: string): string[] => read(path).split('\n').filter(Boolean);

function writeBatch(to: string): void {
  const options = `${smallOptions}  from: 2019-01\n  to: ${to}\n  add-months: true\n  restore-from: latest\n  steps: 30\n`;
  const own = options
    .replace('  steps: 6\n', '')
    .replace('length: 8', 'length: 16')
    .replace('nsamples: 8', 'nsamples: 60');
  writeFileSync(join(folder, 'weekly.yaml'), `options:\n${own}subreddits: [alpha, bravo]\n`);
}

test('next week a batch asks for the new months alone, trains on, and accepts nothing twice', async () => {
  writeDumps(join(folder, 'dumps'), { '2019-01': 60 }, ['alpha', 'bravo']);
  writeBatch('2019-01');
  expect((await runCli(['batch', 'weekly.yaml'], folder)).code).toBe(0);
  const first = JSON.parse(read('runs/alpha/run.json'));
  const accepted = lines('runs/alpha/accepted.txt');
  expect(accepted.length).toBeGreaterThan(0);

  writeDumps(join(folder, 'dumps'), { '2019-02': 30 }, ['alpha', 'bravo'], 200);
  writeBatch('2019-02');
  const kill = atMoments({ signal: 'SIGKILL', output: /"run":"alpha","stage":"finetune".*"done":3,/ });
  expect(await runCli(['batch', 'weekly.yaml', '--json'], folder, kill)).toMatchObject({ signal: 'SIGKILL' });
  const resumed = await runCli(['batch', 'weekly.yaml', '--resume', ...patience], folder);
  expect(resumed.code).toBe(0);

  const log = read('runs/.batch/logs/.titles.log');
  expect(log.match(/asking for [^"]*/g)).toEqual([
    'asking for 2019-01',
    'asking for 2019-01',
    'asking for 2019-02',
    'asking for 2019-02',
  ]);
  expect(lines('runs/alpha/months/2019-02_2019-02.ndjson')).toHaveLength(30);
  const second = JSON.parse(read('runs/alpha/run.json'));
  expect(second.stages.extract.counts.kept).toBe(90);
  // The first validation loss of a training that goes on is about the last of the one before.
  const { initialValidationLoss } = second.stages.finetune.counts;
  expect(initialValidationLoss).toBeLessThan(first.stages.finetune.counts.initialValidationLoss - 1);
  expect(second.stages.finetune.begin).toMatch(/^[0-9a-f]{64}$/);

  expect(lines('runs/alpha/accepted-before.txt')).toEqual(accepted);
  const now = lines('runs/alpha/accepted.txt');
  expect(now.filter((title) => accepted.includes(title))).toEqual([]);
  expect(readBatch(join(folder, 'runs')).previous?.figures['alpha']?.titles).toBe(60);

  const before = lastingFiles(join(folder, 'runs/alpha'));
  const again = await runCli(['batch', 'weekly.yaml'], folder);
  expect(again.code).toBe(0);
  expect(lastingFiles(join(folder, 'runs/alpha'))).toEqual(before);
});
