import { describe, expect, test } from 'vitest';
import { nextStart, waitUntil } from '../../src/batch/schedule.js';
import { nextCronTime } from '../../src/common/cron.js';

const never = new AbortController().signal;

describe('the schedule', () => {
  test('follows the time zone, summer time included', () => {
    // Monday three o'clock in Berlin is 02:00 UTC in winter and 01:00 in summer.
    const next = (from: string) => nextCronTime('0 3 * * 1', 'Europe/Berlin', new Date(from))?.toISOString();
    expect(next('2026-03-20T12:00:00Z')).toBe('2026-03-23T02:00:00.000Z');
    expect(next('2026-03-24T12:00:00Z')).toBe('2026-03-30T01:00:00.000Z');
    expect(nextCronTime('0 0 30 2 *', 'UTC', new Date())).toBeUndefined();
  });

  test('does not wait for what is past, and stops when told', async () => {
    expect(await waitUntil(new Date(Date.now() - 1), new Date(), never)).toBe('reached');
    const stop = new AbortController();
    const waiting = waitUntil(new Date(Date.now() + 3_600_000), new Date(), stop.signal);
    stop.abort();
    expect(await waiting).toBe('stopped');
  });

  test('notices a clock that was set back since the time was asked for', async () => {
    const [asked, next] = [Date.now() + 600_000, Date.now() + 3_600_000];
    expect(await waitUntil(new Date(next), new Date(asked), never)).toBe('set back');
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
