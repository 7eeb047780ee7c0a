import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDecimal,
  formatLoss,
  formatMebibytes,
  formatPercent,
  formatPerplexity,
  formatPoints,
  formatSeconds,
  pluralize,
} from '../../src/common/number-formats.js';

test('numbers round without lying', () => {
  expect([0, 0.0004, 0.1234, 0.9996, 1].map(formatPercent)).toEqual([
    '0%',
    '<0.1%',
    '12.3%',
    '>99.9%',
    '100%',
  ]);
  expect([0, 0.456, 0.996, 0.9999, 1].map(formatDecimal)).toEqual(['0.00', '0.46', '0.99', '0.99', '1.00']);
  expect([4.449, 12.34, 1234, 50257].map(Math.log).map(formatPerplexity)).toEqual([
    '4.45',
    '12.3',
    '1,234',
    '50,257',
  ]);
  expect([0.123, 0, -0.004].map(formatPoints)).toEqual(['+12.3', '0.0', '−0.4']);
  expect(formatLoss(1.23456)).toBe('1.235');
});

test('counts have thousands separators and their nouns a plural', () => {
  expect([0, 999, 1234567, 0.6].map(formatCount)).toEqual(['0', '999', '1,234,567', '1']);
  expect([0, 1, 1200].map((count) => pluralize(count, 'step'))).toEqual(['0 steps', '1 step', '1,200 steps']);
});

test('seconds read as a person would say them', () => {
  const spoken = [0, 9.26, 59.94, 59.96, 60, 3599.7, 5130, 7322].map(formatSeconds);
  expect(spoken).toEqual([
    '0 s',
    '9.3 s',
    '59.9 s',
    '1 min 0 s',
    '1 min 0 s',
    '1 h 0 min',
    '1 h 26 min',
    '2 h 2 min',
  ]);
});

test('bytes are in powers of 1000, buffers in MiB', () => {
  expect([0, 999, 1000, 3.24e9, 30.14e9, 1e18].map(formatBytes)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '3.2 GB',
    '30.1 GB',
    '1000.0 PB',
  ]);
  expect([1000, 2 ** 20, 2 ** 30 - 1].map(formatMebibytes)).toEqual(['1,000 bytes', '1 MiB', '1,024 MiB']);
});
