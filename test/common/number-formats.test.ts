import { expect, test } from 'vitest';
import {
  formatDecimal,
  formatPercent,
  formatPerplexity,
  formatSeconds,
  pluralize,
} from '../../src/common/number-formats.js';

test('numbers are rounded without lying', () => {
  expect([0, 0.0004, 0.1234, 0.9996, 1].map(formatPercent)).toEqual([
    '0%',
    '<0.1%',
    '12.3%',
    '>99.9%',
    '100%',
  ]);
  expect([0, 0.456, 0.996, 0.9999, 1].map(formatDecimal)).toEqual(['0.00', '0.46', '0.99', '0.99', '1.00']);
  expect([Math.log(12.34), Math.log(50257)].map(formatPerplexity)).toEqual(['12.3', '50,257']);
  expect([pluralize(1, 'step'), pluralize(1200, 'step')]).toEqual(['1 step', '1,200 steps']);
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
