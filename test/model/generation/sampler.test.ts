import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import type { SamplingOptions } from '../../../src/model/generation/generation-options.js';
import { createSampler } from '../../../src/model/generation/sampler.js';
import { chiSquare } from './chi-square.js';
import { scoresOf } from './markov-model.js';

const off: SamplingOptions = { temperature: 1, topK: 0, topP: 0 };

/** The distribution a setting asks for, written down by sorting, in double precision. */
function exactDistribution(
  logits: readonly number[],
  { temperature, topK, topP }: SamplingOptions,
): number[] {
  const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
  const first = order.slice(0, topK || undefined);
  const highest = logits[first[0]!]!;
  const weight = (token: number): number => Math.exp((logits[token]! - highest) / temperature);
  const mass = (tokens: readonly number[]): number => tokens.reduce((sum, token) => sum + weight(token), 0);
  const whole = mass(first);
  const kept: number[] = [];
  while (kept.length < first.length && mass(kept) < (topP || 1) * whole) kept.push(first[kept.length]!);
  return logits.map((_, token) => (kept.includes(token) ? weight(token) / mass(kept) : 0));
}

function countDraws(logits: readonly number[], options: SamplingOptions, draws: number): number[] {
  const sample = createSampler(options, logits.length);
  const random = createRandom(7, 'sampler test', JSON.stringify(options));
  const counts = logits.map(() => 0);
  const scores = scoresOf(logits, options.temperature);
  for (let draw = 0; draw < draws; draw++) counts[sample(scores, random)]!++;
  return counts;
}

describe('draws follow the exact distribution', () => {
  const logits = [2, -1, 0.5, 0.5, Number.NEGATIVE_INFINITY, 1.5, -3, 0.25, 0.5, 1];
  test.each<Partial<SamplingOptions>>([
    {},
    { temperature: 0.7 },
    { temperature: 3 },
    { topK: 1 },
    { topK: 4 },
    { topK: 5, temperature: 0.5 },
    { topK: 100 },
    { topP: 0.01 },
    { topP: 0.5 },
    { topP: 0.9, temperature: 2 },
    { topP: 1 },
    { topK: 6, topP: 0.8 },
    { topK: 6, topP: 0.8, temperature: 0.7 },
  ])('%o', (part) => {
    const options = { ...off, ...part };
    const { statistic, limit } = chiSquare(
      countDraws(logits, options, 20_000),
      exactDistribution(logits, options),
    );
    expect(statistic).toBeLessThan(limit);
  });

  test('over a whole vocabulary', () => {
    const random = createRandom(3, 'logits');
    const many = Array.from({ length: 50_257 }, () => Math.fround(3 * random.normal()));
    const options = { temperature: 0.8, topK: 400, topP: 0.6 };
    const exact = exactDistribution(many, options);
    const counts = countDraws(many, options, 1500);
    const likely = [...exact.keys()].sort((a, b) => exact[b]! - exact[a]!).slice(0, 20);
    const rest = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) - likely.reduce((sum, token) => sum + values[token]!, 0);
    const { statistic, limit } = chiSquare(
      [...likely.map((token) => counts[token]!), rest(counts)],
      [...likely.map((token) => exact[token]!), rest(exact)],
    );
    expect(statistic).toBeLessThan(limit);
    expect(counts.filter((count, token) => count > 0 && exact[token] === 0)).toEqual([]);
  });
});

describe('the test of the distribution itself', () => {
  test('notices a token too many', () => {
    const logits = [2, 1, 0, -1];
    const counts = countDraws(logits, { ...off, topK: 3 }, 20_000);
    const { statistic, limit } = chiSquare(counts, exactDistribution(logits, { ...off, topK: 2 }));
    expect(statistic).toBeGreaterThan(limit);
  });
});

describe('greedy', () => {
  const random = createRandom(1);

  test('takes the first maximum', () => {
    expect(createSampler({ ...off, temperature: 0 }, 4)(scoresOf([-9, 3, 3, 1], 0), random)).toBe(1);
  });

  test('is top-k 1 and the smallest top-p, among equals too', () => {
    const scores = scoresOf([Number.NEGATIVE_INFINITY, 3, 3, 3], 1);
    for (const options of [{ topK: 1 }, { topP: 1e-9 }]) {
      const sample = createSampler({ ...off, ...options }, 4);
      for (let draw = 0; draw < 100; draw++) expect(sample(scores, random)).toBe(1);
    }
  });

  test('is the limit of low temperatures', () => {
    const temperature = 1e-3;
    expect(createSampler({ ...off, temperature }, 3)(scoresOf([1, 1.5, -1e30], temperature), random)).toBe(1);
  });
});

describe('extreme logits', () => {
  const random = createRandom(2);

  test('large ones do not overflow, impossible tokens are never drawn', () => {
    const sample = createSampler({ ...off, topK: 3, topP: 0.99 }, 4);
    const logits = [Number.NEGATIVE_INFINITY, 3e38, 3e38, Number.NEGATIVE_INFINITY];
    const scores = scoresOf(logits, 1);
    const drawn = new Set(Array.from({ length: 200 }, () => sample(scores, random)));
    expect([...drawn].sort()).toEqual([1, 2]);
  });

  test('are left as they are', () => {
    const scores = scoresOf([1, 2, 3], 1);
    createSampler({ ...off, topK: 2, topP: 0.5 }, 3)(scores, random);
    expect(scores).toEqual(scoresOf([1, 2, 3], 1));
  });

  test.each([
    ['NaN', [1, Number.NaN, 2]],
    ['+Infinity', [1, Number.POSITIVE_INFINITY, 2]],
    ['nothing possible', [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ])('%s is refused', (_, logits) => {
    for (const options of [{ temperature: 0 }, { temperature: 0.7 }, { topK: 2 }, { topP: 0.5 }]) {
      const sample = createSampler({ ...off, ...options }, logits.length);
      const scores = scoresOf(logits, options.temperature ?? 1);
      expect(() => sample(scores, random)).toThrow('not finite numbers');
    }
  });
});

test('rounding of the engine moves hardly any draw', () => {
  const random = createRandom(5, 'logits');
  const logits = Float32Array.from({ length: 5000 }, () => 3 * random.normal());
  const noisy = logits.map((logit) => logit * (1 + 2e-7 * (random.uniform() - 0.5)));
  const draw = (values: Float32Array): number[] => {
    const sample = createSampler({ temperature: 0.7, topK: 2000, topP: 0.95 }, values.length);
    const own = createRandom(6);
    const scores = scoresOf([...values], 0.7);
    return Array.from({ length: 1000 }, () => sample(scores, own));
  };
  const [exact, moved] = [draw(logits), draw(noisy)];
  expect(exact.filter((token, index) => token !== moved[index]).length).toBeLessThanOrEqual(1);
});
