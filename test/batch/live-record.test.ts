import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { batchFiles, writeBatchRecord } from '../../src/batch/batch-folder.js';
import { LiveRecord } from '../../src/batch/live-record.js';
import { beginRecord } from '../../src/batch/record-lifecycle.js';
import { TitlesmithError } from '../../src/common/errors.js';
import type { ProgressEvent } from '../../src/common/progress.js';
import type { BatchRecord } from '../../src/report/batch/batch-record.js';

function newRecord(count: number): BatchRecord {
  const runs = Array.from({ length: count }, (_, index) => ({
    name: `sub${index}`,
    subreddit: `sub${index}`,
    options: {},
    source: 'sample',
    memory: 0,
    isTooLarge: false,
  }));
  return beginRecord('batch.yaml', { runs, hash: 'none' }, undefined, new Date(0), undefined);
}

test('changes of 10,000 runs at once are written at most twice, and are all in the record', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-live-record-'));
  const path = batchFiles.record(folder, null);
  let [writes, bytes] = [0, 0];
  const write = async (record: BatchRecord): Promise<void> => {
    await writeBatchRecord(folder, record);
    writes += 1;
    bytes += statSync(path).size;
  };
  const live = new LiveRecord(newRecord(10_000), write, () => {});
  for (const status of ['running', 'interrupted', 'waiting', 'done'] as const) {
    for (let index = 0; index < 10_000; index++) live.change(`sub${index}`, { status });
  }
  await live.end();
  expect(live.progress).toEqual({ done: 10_000, total: 10_000 });
  expect(live.current.runs.every(({ status }) => status === 'done')).toBe(true);
  expect(writes).toBeLessThanOrEqual(2);
  expect(bytes).toBeLessThan(2 * 10_000 * 300);
  expect((JSON.parse(readFileSync(path, 'utf8')) as BatchRecord).runs).toHaveLength(10_000);
});

test('runs keep their order, and count as finished once', () => {
  const live = new LiveRecord(
    newRecord(3),
    async () => {},
    () => {},
  );
  live.change('sub1', { status: 'failed' });
  live.change('sub1', { status: 'done' });
  expect(live.progress).toEqual({ done: 1, total: 3 });
  live.change('sub1', { status: 'waiting' });
  expect(live.progress).toEqual({ done: 0, total: 3 });
  expect(live.current.runs.map(({ name }) => name)).toEqual(['sub0', 'sub1', 'sub2']);
});

test('a record that cannot be written is a warning', async () => {
  const events: ProgressEvent[] = [];
  const fails = async (): Promise<void> => {
    throw new TitlesmithError('Cannot write batch.json: no space left.', { code: 'file-enospc' });
  };
  const live = new LiveRecord(newRecord(1), fails, (event) => events.push(event));
  live.change('sub0', { status: 'running' });
  await live.end();
  expect(events).toEqual([{ kind: 'warning', message: 'Cannot write batch.json: no space left.' }]);
});
