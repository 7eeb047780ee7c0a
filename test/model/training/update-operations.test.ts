import { expect, it } from 'vitest';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { webGpuTarget } from '../../../src/model/engine/onnx/webgpu-ops.js';
import { DeviceTrainingState } from '../../../src/model/training/device-training-state.js';
import { createTrainableModel } from '../../../src/model/training/trainable-model.js';
import { countingEngine } from './counting-engine.js';

/** GPT-2 124M: 148 tensors. Its arrays of zeros are never touched, and take no memory. */
const model = createTrainableModel(
  { vocabularySize: 50257, contextLength: 1024, width: 768, layers: 12, heads: 12, layerNormEpsilon: 1e-5 },
  { loraRank: undefined, onlyTrainTransformerLayers: false },
);
const stores = 2 ** 20 * Math.round((4 * model.trained.parameters.flat.length) / 2 ** 20);

it.each([
  // Without addresses, joined in groups: 8 of matrices and the position embedding with the vectors, and the norm.
  { memory: 'without addresses', isAddressable: false, runs: 9, nodes: 240, copies: 5.35 },
  // Parameters, moments and gradients, one flat tensor each; the norm and the update.
  { memory: 'with addresses', isAddressable: true, runs: 2, nodes: 80, copies: 4.01 },
])('an update of 124M takes few operations in memory $memory', async (bound) => {
  const { isAddressable } = bound;
  const { engine, tally } = countingEngine(isAddressable, isAddressable ? cudaTarget : webGpuTarget);
  const state = await DeviceTrainingState.open(engine, engine.memory!, model);
  await state.update({ step: 1, learningRate: 1e-3, weightDecay: 0.1, clipNorm: 1 });
  expect(tally.runs).toBeLessThanOrEqual(bound.runs);
  expect(tally.nodes).toBeLessThanOrEqual(bound.nodes);
  expect(tally.bytes / stores).toBeLessThan(bound.copies);
});
