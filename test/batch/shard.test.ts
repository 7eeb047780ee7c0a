import { describe, expect, test } from 'vitest';
import { findShard, itemsOfShard } from '../../src/batch/shard.js';

describe('a shard', () => {
  test('is found in the settings, then in the environment of Cloud Run or Kubernetes', () => {
    const none = { shardIndex: undefined, shardCount: undefined };
    expect(findShard(none, {})).toBeUndefined();
    const cloudRun = { CLOUD_RUN_TASK_INDEX: '2', CLOUD_RUN_TASK_COUNT: '4' };
    expect(findShard(none, cloudRun)).toMatchObject({ index: 2, count: 4, reason: 'CLOUD_RUN_TASK_INDEX' });
    expect(findShard({ ...none, shardCount: 3 }, { JOB_COMPLETION_INDEX: '0' })).toMatchObject({
      index: 0,
      count: 3,
    });
    expect(findShard({ shardIndex: 1, shardCount: 2 }, cloudRun)).toMatchObject({ index: 1, count: 2 });
  });

  test('that is half known, or beyond the count, is refused', () => {
    const none = { shardIndex: undefined, shardCount: undefined };
    expect(() => findShard(none, { JOB_COMPLETION_INDEX: '1' })).toThrow(/not of how many/);
    expect(() => findShard({ ...none, shardCount: 2 }, {})).toThrow(/not which/);
    expect(() => findShard({ shardIndex: 2, shardCount: 2 }, {})).toThrow(/count from 0/);
    expect(() => findShard(none, { CLOUD_RUN_TASK_INDEX: 'x', CLOUD_RUN_TASK_COUNT: '1' })).toThrow(
      /CLOUD_RUN_TASK_INDEX got "x", which is not a whole number/,
    );
  });

  test('and its sisters have every run once', () => {
    const items = Array.from({ length: 11 }, (_, index) => index);
    const parts = [0, 1, 2, 3].map((index) => itemsOfShard(items, { index, count: 4, reason: '' }));
    expect(parts.flat().sort((a, b) => a - b)).toEqual(items);
    expect(parts.map(({ length }) => length)).toEqual([3, 3, 3, 2]);
  });
});
