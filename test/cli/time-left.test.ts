import { expect, test } from 'vitest';
import { TimeLeft } from '../../src/cli/progress-bar.js';

test('the time left follows from the pace since the first event', () => {
  const timeLeft = new TimeLeft();
  expect(timeLeft.estimate('train', { done: 40, total: 100 }, 0)).toBe('');
  expect(timeLeft.estimate('train', { done: 41, total: 100 }, 500)).toBe('');
  expect(timeLeft.estimate('train', { done: 50, total: 100 }, 5000)).toBe('25 s left');
  expect(timeLeft.estimate('train', { done: 60, total: 100 }, 80_000)).toBe('2 min 40 s left');
  expect(timeLeft.estimate('train', { done: 100, total: 100 }, 90_000)).toBe('');
});

test('other work starts anew, and work of unknown size has no end', () => {
  const timeLeft = new TimeLeft();
  timeLeft.estimate('a', { done: 1, total: 10 }, 0);
  expect(timeLeft.estimate('b', { done: 5, total: 10 }, 60_000)).toBe('');
  expect(timeLeft.estimate('b', { done: 6, total: 10 }, 62_000)).toBe('8 s left');
  expect(timeLeft.estimate('c', { done: 6 }, 63_000)).toBe('');
  expect(timeLeft.estimate('c', { done: 9 }, 73_000)).toBe('');
});
