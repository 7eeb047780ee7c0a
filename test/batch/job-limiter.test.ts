import { describe, expect, test } from 'vitest';
import { JobLimiter } from '../../src/batch/job-limiter.js';
import { InterruptedError } from '../../src/common/errors.js';

const never = new AbortController().signal;

describe('the job limiter', () => {
  /** Work that ends when it is told to. */
  function work(limiter: JobLimiter, bytes: number, log: string[], name: string, isBeside = false) {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const done = limiter.run(
      bytes,
      async () => {
        log.push(name);
        await ended;
      },
      isBeside,
    );
    return { end, done };
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  test('runs as many as are allowed and memory holds; small work goes first', async () => {
    const log: string[] = [];
    const limiter = new JobLimiter(2, 100, never);
    const a = work(limiter, 60, log, 'a');
    const b = work(limiter, 60, log, 'b');
    const c = work(limiter, 40, log, 'c');
    const d = work(limiter, 1, log, 'd');
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

  test('runs work beside the number that is allowed, which counts for memory alone', async () => {
    const log: string[] = [];
    const limiter = new JobLimiter(1, 100, never);
    const pass = work(limiter, 40, log, 'pass', true);
    const large = work(limiter, 90, log, 'large');
    const next = work(limiter, 10, log, 'next');
    const waits = work(limiter, 40, log, 'waits', true);
    await settle();
    expect(log).toEqual(['pass', 'large']);
    large.end();
    await settle();
    expect(log).toEqual(['pass', 'large', 'next', 'waits']);
    for (const one of [pass, next, waits]) one.end();
    await Promise.all([pass, large, next, waits].map(({ done }) => done));
  });

  test('gives work that is larger than memory the machine to itself', async () => {
    const log: string[] = [];
    const limiter = new JobLimiter(4, 100, never);
    const big = work(limiter, 500, log, 'big');
    const small = work(limiter, 1, log, 'small');
    await settle();
    expect(log).toEqual(['big']);
    big.end();
    small.end();
    await Promise.all([big.done, small.done]);
  });

  test('lets nothing begin once stopped', async () => {
    const stop = new AbortController();
    const limiter = new JobLimiter(1, 100, stop.signal);
    const log: string[] = [];
    const first = work(limiter, 1, log, 'first');
    const second = work(limiter, 1, log, 'second');
    stop.abort();
    await expect(second.done).rejects.toThrow(InterruptedError);
    first.end();
    await first.done;
    await expect(limiter.run(1, async () => {})).rejects.toThrow(InterruptedError);
    expect(log).toEqual(['first']);
  });
});
