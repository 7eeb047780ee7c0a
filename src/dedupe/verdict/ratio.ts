import type { Estimate } from '../../common/judgement.js';
import { intervalQuantile } from './proportions.js';

/**
 * Σ numerators / Σ denominators with its 95% interval, one pair a text, texts being a sample: the standard error of a ratio
 * (Cochran, Sampling Techniques, 1977, section 6.4). What is counted within a text need not be independent.
 * @param denominators as many as numerators, at least two, their sum above 0.
 */
export function ratioEstimate(numerators: readonly number[], denominators: readonly number[]): Estimate {
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  const total = sum(denominators);
  const value = sum(numerators) / total;
  const n = numerators.length;
  const squares = numerators.reduce((all, one, i) => all + (one - value * denominators[i]!) ** 2, 0);
  const margin = (intervalQuantile * Math.sqrt((squares / (n - 1)) * n)) / total;
  return { value, low: value - margin, high: value + margin };
}
