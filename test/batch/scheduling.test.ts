import { describe, expect, test } from 'vitest';
import { mayPass } from '../../src/batch/passing.js';
import { nextStart, nextTime, waitUntil } from '../../src/batch/schedule.js';
import { findShard, itemsOfShard } from '../../src/batch/shard.js';
import { Slots } from '../../src/batch/slots.js';
import { InterruptedError } from '../../src/common/errors.js';

const never = new AbortController().signal;

describe('the schedule', () => {
  test('follows the time zone, summer time included', () => {
    // Monday three o'clock in Berlin is 02:00 UTC in winter and 01:00 in summer.
    const next = (from: string) => nextTime('0 3 * * 1', 'Europe/Berlin', new Date(from))?.toISOString();
    expect(next('2026-03-20T12:00:00Z')).toBe('2026-03-23T02:00:00.000Z');
    expect(next('2026-03-24T12:00:00Z')).toBe('2026-03-30T01:00:00.000Z');
    expect(nextTime('0 0 30 2 *', 'UTC', new Date())).toBeUndefined();
  });

  test('does not wait for what is past, and stops when told', async () => {
    expect(await waitUntil(new Date(Date.now() - 1), never)).toBe('reached');
    const stop = new AbortController();
    const waiting = waitUntil(new Date(Date.now() + 3_600_000), stop.signal);
    stop.abort();
    expect(await waiting).toBe('stopped');
  });

  test('after a clock that was set back starts no batch twice, but believes a clock that was far ahead', () => {
    const last = new Date('2026-03-23T03:00:00Z');
    const next = (now: string) => nextStart('0 3 * * 1', 'UTC', new Date(now), last)?.toISOString();
    expect(next('2026-03-23T03:00:00.400Z')).toBe('2026-03-30T03:00:00.000Z');
    expect(next('2026-03-23T02:59:30Z')).toBe('2026-03-30T03:00:00.000Z');
    expect(next('2026-03-23T00:00:00Z')).toBe('2026-03-30T03:00:00.000Z');
    expect(next('2026-03-22T23:59:59Z')).toBe('2026-03-23T03:00:00.000Z');
    expect(next('2025-03-22T12:00:00Z')).toBe('2025-03-24T03:00:00.000Z');
    expect(next('2027-03-23T12:00:00Z')).toBe('2027-03-29T03:00:00.000Z');
  });
});

describe('slots', () => {
  /** Work that ends when it is told to. */
  function work(slots: Slots, bytes: number, log: string[], name: string) {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const done = slots.run(bytes, async () => {
      log.push(name);
      await ended;
    });
    return { end, done };
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  test('hold as many as are allowed, as memory holds; small work passes by', async () => {
    const log: string[] = [];
    const slots = new Slots(2, 100, never);
    const a = work(slots, 60, log, 'a');
    const b = work(slots, 60, log, 'b');
    const c = work(slots, 40, log, 'c');
    const d = work(slots, 1, log, 'd');
    await settle();
    expect(log).toEqual(['a', 'c']);
    c.end();
    await settle();
    expect(log).toEqual(['a', 'c', 'd']);
    a.end();
    await settle();
    expect(log).toEqual(['a', 'c', 'd', 'b']);
    for (const one of [b, d]) one.end();
    await Promise.all([a, b, c, d].map(({ done }) => done));
  });

  test('give work that is larger than memory the machine to itself', async () => {
    const log: string[] = [];
    const slots = new Slots(4, 100, never);
    const big = work(slots, 500, log, 'big');
    const small = work(slots, 1, log, 'small');
    await settle();
    expect(log).toEqual(['big']);
    big.end();
    small.end();
    await Promise.all([big.done, small.done]);
  });

  test('let nothing begin once stopped', async () => {
    const stop = new AbortController();
    const slots = new Slots(1, 100, stop.signal);
    const log: string[] = [];
    const first = work(slots, 1, log, 'first');
    const second = work(slots, 1, log, 'second');
    stop.abort();
    await expect(second.done).rejects.toThrow(InterruptedError);
    first.end();
    await first.done;
    await expect(slots.run(1, async () => {})).rejects.toThrow(InterruptedError);
    expect(log).toEqual(['first']);
  });
});

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
      /no number/,
    );
  });

  test('and its sisters have every run once', () => {
    const items = Array.from({ length: 11 }, (_, index) => index);
    const parts = [0, 1, 2, 3].map((index) => itemsOfShard(items, { index, count: 4, reason: '' }));
    expect(parts.flat().sort((a, b) => a - b)).toEqual(items);
    expect(parts.map(({ length }) => length)).toEqual([3, 3, 3, 2]);
  });
});

test('what may pass is tried again', () => {
  expect(['bigquery-network', 'hub-busy', 'run-locked', 'killed'].map(mayPass)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['usage', 'no-titles', 'file-enospc', 'memory', 'hub-not-found'].some(mayPass)).toBe(false);
});
