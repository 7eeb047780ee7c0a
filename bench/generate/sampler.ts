import { parseArgs } from 'node:util';
import { createRandom } from '../../src/common/random.js';
import type { SamplingOptions } from '../../src/model/generation/generation-options.js';
import { createSampler } from '../../src/model/generation/sampler.js';
import { plainDistribution } from '../shared/plain-sampler.js';
import { distributionNames, scoresOfKind } from '../shared/score-distributions.js';

/**
 * Time that choosing a token takes on one core, in microseconds, for each sampler and distribution of 50,257 tokens:
 * the lower quartile of repetitions, which other work on the machine disturbs least, and beside it that of a plain sort
 * of the row. Prints one JSON line each. A prompt of 12 tokens and a text of 20 are what penalties look at.
 */
const { values } = parseArgs({ options: { tokens: { type: 'string', default: '2000' } } });
const tokens = Number(values.tokens);
const vocabularySize = 50_257;
const off: SamplingOptions = { temperature: 1, topK: 0, topP: 0 };
const samplers: Readonly<Record<string, SamplingOptions>> = {
  plain: off,
  'top-k 40': { ...off, topK: 40 },
  'top-k 400': { ...off, topK: 400 },
  'top-k 1000': { ...off, topK: 1000 },
  'top-p 0.9': { ...off, topP: 0.9 },
  'top-p 0.5': { ...off, topP: 0.5 },
  'top-k 40, top-p 0.9': { ...off, topK: 40, topP: 0.9 },
  'min-p 0.05': { ...off, minP: 0.05 },
  'typical 0.9': { ...off, typicalP: 0.9 },
  'typical 0.2': { ...off, typicalP: 0.2 },
  'repetition 1.2': { ...off, repetitionPenalty: 1.2 },
  'presence and frequency 0.5': { ...off, presencePenalty: 0.5, frequencyPenalty: 0.5 },
  'logit bias': { ...off, logitBias: { 198: -100, 50256: 2 } },
  'repetition 1.2, top-p 0.9, min-p 0.05': { ...off, repetitionPenalty: 1.2, topP: 0.9, minP: 0.05 },
};

function lowerQuartile(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.round(10 * sorted[Math.floor(sorted.length / 4)]!) / 10;
}

function timesOf(count: number, work: () => unknown): number[] {
  const times: number[] = [];
  for (let repeat = 0; repeat < count; repeat++) {
    const started = performance.now();
    work();
    times.push(1000 * (performance.now() - started));
  }
  return times.slice(Math.floor(count / 5));
}

const random = createRandom(1, 'history');
const ids = (length: number): Int32Array =>
  Int32Array.from({ length }, () => Math.floor(vocabularySize * random.uniform()));
const history = { prompt: ids(12), generated: ids(20) };
for (const distribution of distributionNames) {
  const scores = scoresOfKind(distribution, vocabularySize);
  for (const [sampler, options] of Object.entries(samplers)) {
    const sample = createSampler(options, vocabularySize);
    const own = createRandom(7, sampler);
    const microseconds = lowerQuartile(timesOf(tokens, () => sample(scores, own, history)));
    const sorted = lowerQuartile(
      timesOf(Math.ceil(tokens / 200), () => plainDistribution(scores, options, history)),
    );
    process.stdout.write(
      `${JSON.stringify({ distribution, sampler, microseconds, plainSortMicroseconds: sorted })}\n`,
    );
  }
}
