import { expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { gradientName, trainingGraph } from '../../../src/model/training/loss-graph.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { createParameterStore, parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { relativeError } from '../transformer/oracle.js';

/** GPT-2's vocabulary, so that logits are cut by tokens as well as by vocabulary; the rest is as small as can be. */
const configuration: TransformerConfiguration = {
  vocabularySize: 50_257,
  contextLength: 128,
  width: 8,
  heads: 2,
  layers: 1,
  layerNormEpsilon: 1e-5,
};
const rowLength = 128;
const specifications = parameterSpecifications(configuration);
const engine = createOnnxRuntimeEngine({ threads: 2 });

function randomParameters(): Record<string, NumericArray> {
  const store = createParameterStore(specifications);
  for (const [name, view] of store.views) {
    const random = createRandom(7, name);
    for (let element = 0; element < view.length; element++) view[element] = 0.2 * random.normal();
  }
  return Object.fromEntries(store.views);
}

/** Rows from `first` on, each with ids, targets and weights of its own. */
function batch(first: number, rows: number): Record<string, NumericArray> {
  const tokens = rows * rowLength;
  const id = (token: number, step: number): number =>
    ((first * rowLength + token) * step) % configuration.vocabularySize;
  return {
    inputIds: Int32Array.from({ length: tokens }, (_, token) => id(token, 7919)),
    targetIds: Int32Array.from({ length: tokens }, (_, token) => id(token, 104_729)),
    positionIds: Int32Array.from({ length: tokens }, (_, token) => token % rowLength),
    targetWeights: Float32Array.from({ length: tokens }, (_, token) => (token % 3 === 0 ? 0 : 1e-3)),
    attentionMask: Float32Array.from({ length: rows * rowLength ** 2 }, (_, cell) =>
      cell % rowLength <= Math.floor(cell / rowLength) % rowLength ? 0 : -1e9,
    ),
  };
}

async function lossAndGradients(first: number, rows: number, parameters: Record<string, NumericArray>) {
  const program = await engine.compile(trainingGraph(configuration, { rows, rowLength }));
  const gradients = createParameterStore(specifications);
  const loss = new Float32Array(1);
  const results = Object.fromEntries([...gradients.views].map(([name, view]) => [gradientName(name), view]));
  await program.run({ ...batch(first, rows), ...parameters }, { loss, ...results });
  await program.dispose();
  return { loss: loss[0]!, gradients: gradients.views };
}

it('a batch whose logits are cut by tokens and by vocabulary has the loss and gradients of its halves', async () => {
  const parameters = randomParameters();
  const rows = 12;
  const whole = await lossAndGradients(0, rows, parameters);
  const halves = [
    await lossAndGradients(0, rows / 2, parameters),
    await lossAndGradients(rows / 2, rows / 2, parameters),
  ] as const;
  expect(whole.loss / (halves[0].loss + halves[1].loss)).toBeCloseTo(1, 5);
  for (const [name, view] of whole.gradients) {
    const [a, b] = halves.map(({ gradients }) => gradients.get(name)!);
    expect(
      relativeError(
        view,
        Array.from(a!, (value, index) => value + b![index]!),
      ),
      name,
    ).toBeLessThan(1e-4);
  }
});
