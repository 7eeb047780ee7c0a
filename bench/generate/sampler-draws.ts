import { parseArgs } from 'node:util';
import { createRandom } from '../../src/common/random.js';
import type { SamplingOptions } from '../../src/model/generation/generation-options.js';
import { drawChiSquare } from '../../test/model/generation/chi-square.js';
import { distributionNames, scoresOfKind } from '../shared/score-distributions.js';

/**
 * Whether tokens are drawn as often as a plain sort of the row says: chi-square over 100,000 draws of each sampler and
 * distribution of 50,257 tokens, tokens expected fewer than 5 times taken together. Prints one JSON line each; a good sampler
 * exceeds the limit once in a million.
 */
const { values } = parseArgs({
  options: { draws: { type: 'string', default: '100000' }, only: { type: 'string', default: '' } },
});
const draws = Number(values.draws);
const vocabularySize = 50_257;
const off: SamplingOptions = { temperature: 1, topK: 0, topP: 0 };
const samplers: Readonly<Record<string, Partial<SamplingOptions>>> = {
  plain: {},
  'top-k 40': { topK: 40 },
  'top-p 0.9': { topP: 0.9 },
  'min-p 0.05': { minP: 0.05 },
  'typical 0.9': { typicalP: 0.9 },
  'repetition 1.2': { repetitionPenalty: 1.2 },
  'presence and frequency 0.5': { presencePenalty: 0.5, frequencyPenalty: 0.5 },
  'logit bias': { logitBias: { 198: -100, 50256: 2 } },
  'all together': { repetitionPenalty: 1.2, topK: 5000, topP: 0.9, minP: 0.001, typicalP: 0.95 },
};
const history = { prompt: Int32Array.of(50256, 11, 198), generated: Int32Array.of(7, 11, 7, 4000) };
for (const distribution of distributionNames) {
  const scores = scoresOfKind(distribution, vocabularySize);
  for (const [sampler, part] of Object.entries(samplers)) {
    if (!new RegExp(values.only).test(`${distribution} ${sampler}`)) continue;
    const random = createRandom(11, distribution, sampler);
    const found = drawChiSquare(scores, { ...off, ...part }, history, random, draws);
    process.stdout.write(
      `${JSON.stringify({ distribution, sampler, draws, ...found, passes: found.statistic < found.limit })}\n`,
    );
  }
}
