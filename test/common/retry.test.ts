import { expect, test } from 'vitest';
import { type RetryClock, retry } from '../../src/common/retry.js';

/** A clock of which pauses take no time, and are written down. */
function instantClock(random = 0): RetryClock & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return { pauses, pause: async (milliseconds) => void pauses.push(milliseconds), random: () => random };
}

/** Work that fails so many times, then tells which try succeeded. */
function failing(times: number, make = (): unknown => new Error('busy')): () => Promise<number> {
  let tries = 0;
  return async () => {
    tries += 1;
    if (tries <= times) throw make();
    return tries;
  };
}

const always = { isTransient: () => true };
const policy = { attempts: 4, firstPauseMs: 100 };

test('what succeeds at once is done once, without a pause', async () => {
  const clock = instantClock();
  expect(await retry(failing(0), policy, { ...always, clock })).toBe(1);
  expect(clock.pauses).toEqual([]);
});

test('pauses double, and are up to a quarter longer by chance', async () => {
  const [even, late] = [instantClock(), instantClock(0.5)];
  expect(await retry(failing(3), policy, { ...always, clock: even })).toBe(4);
  expect(even.pauses).toEqual([100, 200, 400]);
  await retry(failing(2), policy, { ...always, clock: late });
  expect(late.pauses).toEqual([112.5, 225]);
});

test('the last error is thrown when the tries are used up', async () => {
  let tries = 0;
  const work = failing(9, () => new Error(`fault ${++tries}`));
  await expect(retry(work, policy, { ...always, clock: instantClock() })).rejects.toThrow('fault 4');
});

test('an error that does not pass is thrown at once', async () => {
  const clock = instantClock();
  const isTransient = (error: unknown): boolean => error instanceof Error && error.message === 'busy';
  const work = failing(1, () => new Error('denied'));
  await expect(retry(work, policy, { isTransient, clock })).rejects.toThrow('denied');
  expect(clock.pauses).toEqual([]);
});

test('each retry is told of, with its pause', async () => {
  const told: unknown[] = [];
  const onRetry = (error: unknown, pauseMs: number): void => void told.push([String(error), pauseMs]);
  await retry(failing(2), policy, { ...always, onRetry, clock: instantClock() });
  expect(told).toEqual([
    ['Error: busy', 100],
    ['Error: busy', 200],
  ]);
});

test('progress starts the count and the pauses anew', async () => {
  const clock = instantClock();
  expect(await retry(failing(7), policy, { ...always, madeProgress: () => true, clock })).toBe(8);
  expect(clock.pauses).toEqual(Array.from({ length: 7 }, () => 100));
});

test('a signal ends the pause', async () => {
  const stop = new AbortController();
  const onRetry = (): void => stop.abort();
  const done = retry(
    failing(1),
    { attempts: 2, firstPauseMs: 1e9 },
    { ...always, onRetry, signal: stop.signal },
  );
  await expect(done).rejects.toThrow('busy');
});

test('a try without a result counts as failed, and is not waited for', async () => {
  let tries = 0;
  const work = (): Promise<string> => {
    tries += 1;
    return tries === 1 ? new Promise<string>(() => {}) : Promise.resolve('done');
  };
  const timed = { ...policy, timeoutMs: 1 };
  const isTransient = (error: unknown): boolean => (error as { code?: string }).code === 'ETIMEDOUT';
  expect(await retry(work, timed, { isTransient, clock: instantClock() })).toBe('done');
});
