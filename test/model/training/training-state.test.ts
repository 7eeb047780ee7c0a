import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { webGpuTarget } from '../../../src/model/engine/onnx/webgpu-ops.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { DeviceTrainingState } from '../../../src/model/training/device-training-state.js';
import { createTrainableModel, initializeModel } from '../../../src/model/training/trainable-model.js';
import { train } from '../../../src/model/training/training-loop.js';
import type { TrainingOptions } from '../../../src/model/training/training-options.js';
import { HostTrainingState } from '../../../src/model/training/training-state.js';
import { processorDevice } from '../engine/processor-device.js';
import { relativeError } from '../transformer/oracle.js';
import { engineWithMemoryApart } from './apart-memory.js';
import { MemoryStorage } from './memory-storage.js';
import { configuration, options, smallTraining, stopAfter } from './small-training.js';

const processor = createOnnxRuntimeEngine({ threads: 2 });
/** Graphs as they are written for a device without addresses and for one with, computed by the processor's kernels. */
const webGpu = processorDevice(webGpuTarget);
const cuda = { ...processorDevice(cudaTarget), sumsHalfInFloat32: true };
const deviceEngine = (isAddressable: boolean): ReturnType<typeof engineWithMemoryApart> =>
  engineWithMemoryApart(isAddressable ? cuda : webGpu, { isAddressable });

/** A model with random gradients, the same each time. */
async function modelWithGradients(changed: Partial<TrainingOptions>) {
  const model = createTrainableModel(configuration, { ...options, ...changed });
  await initializeModel(model, 3);
  const random = createRandom(4, 'gradients');
  for (const view of model.trained.gradients.views.values())
    for (let element = 0; element < view.length; element++) view[element] = random.normal();
  return model;
}

describe.each<[string, Partial<TrainingOptions>, boolean]>(
  [
    ['all parameters', {}] as const,
    ['adapters', { loraRank: 2 }] as const,
    ['the blocks alone', { onlyTrainTransformerLayers: true }] as const,
  ].flatMap(([name, changed]) => [
    [`${name}, in groups`, changed, false],
    [`${name}, in one flat tensor`, changed, true],
  ]),
)('an update of %s', (_, changed, isAddressable) => {
  it('is the same on a device as in this process', async () => {
    const [host, copied] = [await modelWithGradients(changed), await modelWithGradients(changed)];
    const { engine, alive } = deviceEngine(isAddressable);
    const [hostState, deviceState] = [
      await HostTrainingState.open(processor, host),
      await DeviceTrainingState.open(engine, engine.memory!, copied),
    ];
    const gradients = deviceState.gradients(false).results;
    for (const [name, view] of copied.trained.gradients.views)
      await engine.memory!.write([[view, gradients[`gradient.${name}`] as never]]);
    for (let step = 1; step <= 3; step++) {
      const update = { step, learningRate: 1e-2, weightDecay: 0.1, clipNorm: 0.5, lossScale: 8 };
      const [expected, received] = [await hostState.update(update), await deviceState.update(update)];
      expect(Math.abs(received / expected - 1)).toBeLessThan(1e-6);
    }
    await deviceState.copyToModel('everything');
    for (const store of ['parameters', 'firstMoments', 'secondMoments'] as const) {
      // The norm is added up in another order, and every gradient is clipped by it.
      const error = relativeError(copied.trained[store].flat, host.trained[store].flat);
      expect(error, store).toBeLessThan(1e-6);
    }
    await hostState.dispose();
    await deviceState.dispose();
    expect(alive()).toBe(0);
  });
});

describe.each([
  ['that has no addresses', false],
  ['that has addresses', true],
])('training with memory of the engine’s own, %s', (_, isAddressable) => {
  const changed = { steps: 8, accumulateGradients: 3, batchSize: 2 };
  const run = (
    storage: MemoryStorage,
    context = silentContext as typeof silentContext | ReturnType<typeof stopAfter>,
  ) => {
    const { engine, alive } = deviceEngine(isAddressable);
    const training = train(
      { ...smallTraining, engine, storage, options: { ...options, ...changed } },
      context,
    );
    return training.finally(() => expect(alive()).toBe(0));
  };

  it('goes as in this process, gradients of several batches added up', async () => {
    const [host, device] = [new MemoryStorage(), new MemoryStorage()];
    const expected = await train(
      { ...smallTraining, engine: processor, storage: host, options: { ...options, ...changed } },
      silentContext,
    );
    const received = await run(device);
    expect(Math.abs(received.finalValidationLoss / expected.finalValidationLoss - 1)).toBeLessThan(1e-4);
    for (const [index, { loss }] of host.lines.entries())
      expect(Math.abs(device.lines[index]!.loss! / loss! - 1)).toBeLessThan(1e-4);
  });

  it('stopped and started again, comes to the same state', async () => {
    const [whole, resumed] = [new MemoryStorage(), new MemoryStorage()];
    await run(whole);
    await expect(run(resumed, stopAfter(5))).rejects.toThrow(InterruptedError);
    await run(resumed);
    expect(resumed.state).toEqual(whole.state);
    expect(resumed.weights).toEqual(whole.weights);
  });
});

it.each<[string, Partial<TrainingOptions>]>([
  ['all parameters, gradients of two batches added up', { accumulateGradients: 2 }],
  ['adapters, recomputed, with dropout', { loraRank: 2, recompute: true, dropout: 0.1 }],
])('training in float16 in the graphs written for CUDA goes as in float32: %s', async (_, changed) => {
  const run = async (mixedPrecision: TrainingOptions['mixedPrecision']): Promise<(number | undefined)[]> => {
    const storage = new MemoryStorage();
    const { engine } = deviceEngine(true);
    const small = { ...options, ...changed, mixedPrecision, steps: 4, batchSize: 2, printEvery: 1 };
    await train({ ...smallTraining, engine, storage, options: small }, silentContext);
    return storage.lines.map(({ loss }) => loss);
  };
  const [expected, received] = [await run('off'), await run('float16')];
  expect(received).toHaveLength(4);
  for (const [step, loss] of received.entries())
    expect(Math.abs(loss! / expected[step]! - 1)).toBeLessThan(2e-3);
});
