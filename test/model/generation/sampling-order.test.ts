import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import type { SamplingOptions } from '../../../src/model/generation/generation-options.js';
import { createSampler } from '../../../src/model/generation/sampler.js';

/** What test/oracles/generation/make_sampling_fixture.py wrote. */
interface Fixture {
  readonly prompt: readonly number[];
  readonly generated: readonly number[];
  readonly cases: readonly {
    readonly options: Partial<SamplingOptions>;
    readonly processors: readonly string[];
    readonly logits: readonly number[];
    /** Chances of the tokens that can be drawn, by id. */
    readonly kept: Readonly<Record<string, number>>;
  }[];
}

const path = new URL('../../oracles/generation/sampling.json', import.meta.url);
const { prompt, generated, cases } = JSON.parse(readFileSync(path, 'utf8')) as Fixture;
const history = { prompt: Int32Array.from(prompt), generated: Int32Array.from(generated) };
const some = createRandom(1);

/** As the model gives them: logits divided by the temperature, and their softmax. */
function scoresOf(logits: readonly number[], temperature: number) {
  const divided = Float32Array.from(logits, (logit) => logit / temperature);
  const exponentials = Array.from(divided, Math.exp);
  const sum = exponentials.reduce((total, each) => total + each, 0);
  return { logits: divided, probabilities: Float32Array.from(exponentials, (each) => each / sum) };
}

test("bias, penalty, temperature, top-k, top-p, min-p and typical sampling together are Hugging Face's", () => {
  expect(cases).toHaveLength(2 ** 7);
  for (const { options, logits, kept } of cases) {
    const all = { temperature: 1, topK: 0, topP: 0, ...options };
    const sample = createSampler(all, logits.length);
    const scores = scoresOf(logits, all.temperature);
    const at = (point: number): number => sample(scores, { ...some, uniform: () => point }, history);
    const margin = 4e-5;
    let sum = 0;
    for (const [token, chance] of Object.entries(kept)) {
      // Just inside both ends of what belongs to the token, where that is wide enough for the fixture's six digits.
      const points = chance > 3 * margin ? [sum + margin, sum + chance - margin] : [];
      for (const point of points) expect(at(point), JSON.stringify(options)).toBe(Number(token));
      sum += chance;
    }
    expect(sum).toBeCloseTo(1, 4);
  }
});

test('the order is that in which they are documented', () => {
  const { processors } = cases.at(-1)!;
  expect(processors).toEqual([
    'SequenceBiasLogitsProcessor',
    'RepetitionPenaltyLogitsProcessor',
    'TemperatureLogitsWarper',
    'TopKLogitsWarper',
    'TopPLogitsWarper',
    'MinPLogitsWarper',
    'TypicalLogitsWarper',
  ]);
});
