import type { DeviceMemory, DeviceTensor, Engine } from '../engine/engine.js';
import {
  type AdamWScalar,
  adamWScalarNames,
  adamWScalars,
  type UpdateOptions,
  updatedKinds,
} from './adamw.js';
import type { DeviceParameters, DeviceScalars, NamedTensors } from './device-parameters.js';
import { FlatParameters } from './flat-parameters.js';
import { GroupedParameters } from './grouped-parameters.js';
import { accumulatedGradientName, gradientName } from './loss-graph.js';
import type { TrainableModel } from './trainable-model.js';
import type { TrainingState, Values } from './training-state.js';

/** Training state in tensors on an engine's device. */
export class DeviceTrainingState implements TrainingState {
  private constructor(
    private readonly device: DeviceMemory,
    private readonly frozen: NamedTensors,
    private readonly scalars: DeviceScalars,
    private readonly trained: DeviceParameters,
  ) {}

  /**
   * Copies a model to a device. Later changes to the model's own arrays have no effect there.
   * @throws TitlesmithError if the device has too little memory.
   */
  static async open(
    engine: Engine,
    device: DeviceMemory,
    { trained: model, frozen }: TrainableModel,
  ): Promise<DeviceTrainingState> {
    const Layout = device.isAddressable ? FlatParameters : GroupedParameters;
    const trained = await Layout.open(engine, device, model);
    const allocate = (shape: readonly number[]): DeviceTensor => device.allocate({ shape, dtype: 'float32' });
    const frozenTensors = new Map(frozen.specifications.map(({ name, shape }) => [name, allocate(shape)]));
    const names = adamWScalarNames([{ decays: true }]);
    const scalars = Object.fromEntries(names.map((name) => [name, allocate([])])) as Record<
      AdamWScalar,
      DeviceTensor
    >;
    await device.write([
      ...[...frozenTensors].map(([name, tensor]) => [frozen.views.get(name)!, tensor] as const),
      ...trained.mirrored(updatedKinds),
    ]);
    return new DeviceTrainingState(device, frozenTensors, scalars, trained);
  }

  parameters(): Values {
    return Object.fromEntries([...this.frozen, ...this.trained.parameters()]);
  }

  gradients(accumulate: boolean): { accumulated: Values; results: Values } {
    const accumulated = accumulate ? named(this.trained.accumulateGradients(), accumulatedGradientName) : {};
    return { accumulated, results: named(this.trained.gradients(), gradientName) };
  }

  async update(options: UpdateOptions): Promise<number> {
    const norm = Math.sqrt(await this.trained.squaredNorm()) / (options.lossScale ?? 1);
    if (!Number.isFinite(norm)) return norm;
    const values = Object.entries(adamWScalars(options, norm)) as [AdamWScalar, number][];
    await this.device.write(
      values.map(([name, value]) => [Float32Array.of(value), this.scalars[name]] as const),
    );
    await this.trained.update(this.scalars);
    return norm;
  }

  async copyToModel(what: 'parameters' | 'everything'): Promise<void> {
    const mirrored = this.trained.mirrored(what === 'everything' ? updatedKinds : ['parameter']);
    await this.device.read(mirrored.map(([array, tensor]) => [tensor, array] as const));
  }

  async dispose(): Promise<void> {
    await this.trained.dispose();
    for (const tensor of [...this.frozen.values(), ...Object.values(this.scalars)]) tensor.dispose();
  }
}

function named(tensors: NamedTensors, nameOf: (parameter: string) => string): Values {
  return Object.fromEntries([...tensors].map(([name, tensor]) => [nameOf(name), tensor]));
}
