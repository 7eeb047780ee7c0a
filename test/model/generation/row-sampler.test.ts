import { expect, test } from 'vitest';
import { plainDistribution } from '../../../bench/shared/plain-sampler.js';
import { distributionNames, scoresOfKind } from '../../../bench/shared/score-distributions.js';
import { createRandom, type Random } from '../../../src/common/random.js';
import type { SamplingOptions } from '../../../src/model/generation/generation-options.js';
import { createSampler } from '../../../src/model/generation/sampler.js';
import { drawChiSquare } from './chi-square.js';

const off: SamplingOptions = { temperature: 1, topK: 0, topP: 0 };
const history = { prompt: Int32Array.of(4, 0, 4, 17), generated: Int32Array.of(9, 4, 9, 250) };
const settings: readonly Partial<SamplingOptions>[] = [
  { topK: 1 },
  { topK: 40 },
  { topK: 2000 },
  { topP: 0.01 },
  { topP: 0.5 },
  { topP: 0.9 },
  { topP: 0.999 },
  { topK: 40, topP: 0.9 },
  { topK: 1500, topP: 0.7 },
  { minP: 0.05 },
  { minP: 0.995 },
  { minP: 1 },
  { topP: 0.9, minP: 0.3 },
  { typicalP: 0.2 },
  { typicalP: 0.9 },
  { topK: 50, typicalP: 0.5 },
  { topP: 0.8, minP: 0.01, typicalP: 0.9 },
  { repetitionPenalty: 1.3 },
  { temperature: 0.5, presencePenalty: 0.5, frequencyPenalty: 0.7 },
  { temperature: 2, logitBias: { 3: 2, 9: -100 }, repetitionPenalty: 1.1, topP: 0.9 },
  { logitBias: { 7: 100 } },
];

/** Always the same number. */
const some = createRandom(1);
const constant = (value: number): Random => ({ ...some, uniform: () => value });

/** The token at a point of a distribution, by adding up. */
function tokenAt(kept: ReturnType<typeof plainDistribution>, share: number): number {
  const total = kept.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  for (const { token, weight } of kept) {
    sum += weight;
    if (sum > share * total) return token;
  }
  return kept.at(-1)!.token;
}

test.each(distributionNames)('every sampler draws what a plain sort gives: %s', (name) => {
  const size = 5000;
  const scores = scoresOfKind(name, size);
  const random = createRandom(4, name);
  for (const part of settings) {
    const options = { ...off, ...part };
    const kept = plainDistribution(scores, options, history);
    const sample = createSampler(options, size);
    const shares = Array.from({ length: 60 }, () => random.uniform());
    const drawn = shares.map((share) => sample(scores, constant(share), history));
    expect(drawn, JSON.stringify(part)).toEqual(shares.map((share) => tokenAt(kept, share)));
  }
});

/**
 * Of chance one in 10^6 of a good sampler's runs fails; draws are seeded, so that none does by chance twice. The bench
 * `generate/sampler-draws` draws 100,000 of each sampler and distribution.
 */
test('draws over 50,257 tokens follow what a plain sort gives, for every sampler', () => {
  const size = 50_257;
  const scores = scoresOfKind('Zipf 1.1', size);
  const samplers: readonly Partial<SamplingOptions>[] = [
    {},
    { topK: 40 },
    { topP: 0.9 },
    { minP: 0.001 },
    { typicalP: 0.9 },
    { repetitionPenalty: 1.3, presencePenalty: 0.5, frequencyPenalty: 0.5 },
    { logitBias: { 3: 8, 9: -100 } },
    { topK: 5000, topP: 0.9, minP: 0.001, typicalP: 0.95, repetitionPenalty: 1.2 },
  ];
  for (const [index, part] of samplers.entries()) {
    const options = { ...off, ...part };
    const { statistic, limit } = drawChiSquare(scores, options, history, createRandom(8, index), 5000);
    expect(statistic, JSON.stringify(part)).toBeLessThan(limit);
  }
}, 60_000);

test('100,000 draws follow the distribution', () => {
  const scores = scoresOfKind('normal logits', 1000);
  const options = { ...off, topP: 0.95, minP: 0.02, repetitionPenalty: 1.2 };
  const { statistic, limit } = drawChiSquare(scores, options, history, createRandom(8), 100_000);
  expect(statistic).toBeLessThan(limit);
});

test('a token takes no memory but that of a few numbers', () => {
  const size = 50_257;
  const scores = scoresOfKind('Zipf 1.1', size);
  const random = createRandom(2);
  const part = { topK: 5000, topP: 0.9, minP: 0.001, typicalP: 0.95, repetitionPenalty: 1.2 };
  for (const options of [
    { ...off, topP: 0.9 },
    { ...off, ...part },
  ]) {
    const sample = createSampler(options, size);
    const growth = Array.from({ length: 15 }, () => {
      const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
      for (let draw = 0; draw < 50; draw++) sample(scores, random, history);
      return (process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers - before) / 50;
    });
    // Of a row of 201,028 bytes nothing; numbers that are not optimized away are 16 bytes each.
    expect(growth.toSorted((a, b) => a - b)[7]!).toBeLessThan(4000);
  }
});

test('a token that rounding made impossible comes back with a bias, a ban of the only likely one leaves the others', () => {
  const size = 200;
  const logits = new Float32Array(size).fill(-150).map((logit, token) => (token === 9 ? 50 : logit));
  const probabilities = logits.map((_, token) => Number(token === 9));
  const draw = (logitBias: Record<string, number>): Set<number> => {
    const sample = createSampler({ ...off, logitBias }, size);
    const random = createRandom(3);
    return new Set(Array.from({ length: 400 }, () => sample({ logits, probabilities }, random)));
  };
  expect(draw({ 5: 100 })).toEqual(new Set([9]));
  expect(draw({ 5: 100, 9: -100 })).toEqual(new Set([5, 9]));
  expect(draw({ 9: -100, 8: -100 }).size).toBe(1);
});

test('penalties and bias change what temperature 0 takes', () => {
  const logits = Float32Array.of(5, 4.9, -1, 2);
  const scores = { logits, probabilities: logits };
  const taken = (part: Partial<SamplingOptions>): number =>
    createSampler({ ...off, temperature: 0, ...part }, 4)(scores, createRandom(1), {
      prompt: Int32Array.of(0),
      generated: Int32Array.of(1, 1),
    });
  expect(taken({})).toBe(0);
  expect(taken({ repetitionPenalty: 1.01 })).toBe(0);
  expect(taken({ repetitionPenalty: 3 })).toBe(3);
  // Of the generated tokens alone, 1 twice.
  expect(taken({ logitBias: { 1: 1 } })).toBe(1);
  expect(taken({ logitBias: { 1: 1 }, frequencyPenalty: 0.4 })).toBe(1);
  expect(taken({ logitBias: { 1: 1 }, frequencyPenalty: 0.5 })).toBe(0);
  expect(taken({ logitBias: { 1: 1 }, presencePenalty: 0.8 })).toBe(1);
  expect(taken({ logitBias: { 1: 1 }, presencePenalty: 1 })).toBe(0);
});
