import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TitlesmithError } from '../../../src/common/errors.js';
import { lockRun } from '../../../src/pipeline/run/run-lock.js';
import { lockFileName } from '../../../src/run/run-files.js';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'titlesmith-run-lock-'));

test('a lock is whole whenever it is seen, also while it is rewritten, and nothing is left beside it', async () => {
  const folder = newFolder();
  const lock = await lockRun(folder, () => {}, { heartbeatMs: 1, watchMs: 1 });
  const path = join(folder, lockFileName);
  let beat = 0;
  while (beat < 20) {
    const text = readFileSync(path, 'utf8');
    beat = (JSON.parse(text) as { beat: number }).beat;
    await new Promise((resolve) => setImmediate(resolve));
  }
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('of many calls at once one gets the lock', async () => {
  const folder = newFolder();
  const calls = await Promise.allSettled(Array.from({ length: 20 }, () => lockRun(folder, () => {})));
  const taken = calls.filter((call) => call.status === 'fulfilled');
  const refused = calls.filter((call) => call.status === 'rejected');
  expect(taken).toHaveLength(1);
  for (const { reason } of refused) {
    expect(reason).toBeInstanceOf(TitlesmithError);
    expect((reason as TitlesmithError).code).toBe('run-locked');
  }
  taken[0]?.value.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('what a process that was killed left of its attempt is removed', async () => {
  const folder = newFolder();
  const first = await lockRun(folder, () => {});
  const owner = JSON.parse(readFileSync(join(folder, lockFileName), 'utf8')) as Record<string, unknown>;
  first.release();
  const gone = { ...owner, processStart: '1' };
  writeFileSync(join(folder, `${lockFileName}.new-999999`), JSON.stringify(gone));
  const lock = await lockRun(folder, () => {});
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});
