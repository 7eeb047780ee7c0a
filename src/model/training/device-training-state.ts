import type { DeviceMemory, DeviceTensor, Engine, NumericArray, Program, Value } from '../engine/engine.js';
import { concat, input, multiply, reduceSum } from '../graph/builder.js';
import type { Tensor } from '../graph/tensor.js';
import type { ParameterSpecification } from '../transformer/parameters.js';
import {
  adamWGraph,
  adamWInput,
  adamWOutput,
  adamWScalarNames,
  adamWScalars,
  type UpdatedKind,
  type UpdateOptions,
  updatedKinds,
} from './adamw.js';
import { accumulatedGradientName, gradientName } from './loss-graph.js';
import type { TrainableModel } from './trainable-model.js';
import type { TrainingState, Values } from './training-state.js';

type Tensors = Record<UpdatedKind, DeviceTensor>;

/** Parameters updated in one run: those of a transformer block, or a single one. */
interface Group {
  readonly members: readonly ParameterSpecification[];
  readonly program: Program;
  /**
   * Double buffer: receives the members' new values, then is swapped with their tensors and serves the next group of
   * the same shapes, as a device must not write what it reads.
   */
  readonly spare: Tensors[];
}

/** Training state in tensors on an engine's device. */
export class DeviceTrainingState implements TrainingState {
  private constructor(
    private readonly device: DeviceMemory,
    private readonly model: TrainableModel,
    private readonly frozen: ReadonlyMap<string, DeviceTensor>,
    private readonly trained: Map<string, Tensors>,
    private readonly scalars: ReadonlyMap<string, DeviceTensor>,
    private readonly groups: readonly Group[],
    private readonly norm: Program,
    private currentGradients: ReadonlyMap<string, DeviceTensor>,
  ) {}

  /** Gradients of the step's earlier batches, while batches accumulate. */
  private accumulatedGradients: ReadonlyMap<string, DeviceTensor> | undefined;

  /**
   * Copies a model to a device. Later changes to the model's own arrays have no effect there.
   * @throws TitlesmithError if the device has too little memory.
   */
  static async open(
    engine: Engine,
    device: DeviceMemory,
    model: TrainableModel,
  ): Promise<DeviceTrainingState> {
    const { trained, frozen } = model;
    const { specifications } = trained.parameters;
    const groups = await openGroups(engine, device, specifications);
    const tensors = new Map(specifications.map((parameter) => [parameter.name, allocate(device, parameter)]));
    const scalar = (name: string): [string, DeviceTensor] => [
      name,
      device.allocate({ shape: [], dtype: 'float32' }),
    ];
    const state = new DeviceTrainingState(
      device,
      model,
      allocateAll(device, frozen.specifications),
      tensors,
      new Map(adamWScalarNames([{ shape: [], decays: true }]).map(scalar)),
      groups,
      await engine.compile(gradientNormGraph(specifications)),
      allocateAll(device, specifications),
    );
    await device.write([
      ...[...state.frozen].map(([name, tensor]) => [frozen.views.get(name)!, tensor] as const),
      ...state.pairs(updatedKinds).map(({ array, tensor }) => [array, tensor] as const),
    ]);
    return state;
  }

  /** Arrays of the model, paired with their tensors on the device. */
  private pairs(kinds: readonly UpdatedKind[]): { array: NumericArray; tensor: DeviceTensor }[] {
    const { parameters, firstMoments, secondMoments } = this.model.trained;
    const stores = { parameter: parameters, firstMoment: firstMoments, secondMoment: secondMoments };
    return [...this.trained].flatMap(([name, tensors]) =>
      kinds.map((kind) => ({ array: stores[kind].views.get(name)!, tensor: tensors[kind] })),
    );
  }

  parameters(): Values {
    const trained = [...this.trained].map(([name, { parameter }]) => [name, parameter]);
    return Object.fromEntries([...this.frozen, ...trained]);
  }

  gradients(accumulate: boolean): { accumulated: Values; results: Values } {
    if (accumulate) {
      const next =
        this.accumulatedGradients ?? allocateAll(this.device, this.model.trained.parameters.specifications);
      [this.accumulatedGradients, this.currentGradients] = [this.currentGradients, next];
    }
    return {
      accumulated: accumulate ? named(this.accumulatedGradients!, accumulatedGradientName) : {},
      results: named(this.currentGradients, gradientName),
    };
  }

  async update(options: UpdateOptions): Promise<number> {
    const sum = new Float32Array(1);
    await this.norm.run(named(this.currentGradients, gradientName), { sum });
    const norm = Math.sqrt(sum[0]!) / (options.lossScale ?? 1);
    if (!Number.isFinite(norm)) return norm;
    const values: Readonly<Record<string, number>> = adamWScalars(options, norm);
    await this.device.write(
      [...this.scalars].map(([name, tensor]) => [Float32Array.of(values[name]!), tensor] as const),
    );
    for (const { members, program, spare } of this.groups) {
      const feeds: Record<string, Value> = Object.fromEntries(
        adamWScalarNames(members).map((name) => [name, this.scalars.get(name)!]),
      );
      const results: Record<string, Value> = {};
      for (const [index, { name }] of members.entries()) {
        const old = this.trained.get(name)!;
        feeds[adamWInput('gradient', index)] = this.currentGradients.get(name)!;
        for (const kind of updatedKinds) {
          feeds[adamWInput(kind, index)] = old[kind];
          results[adamWOutput(kind, index)] = spare[index]![kind];
        }
        this.trained.set(name, spare[index]!);
        spare[index] = old;
      }
      await program.run(feeds, results);
    }
    return norm;
  }

  async copyToModel(what: 'parameters' | 'everything'): Promise<void> {
    const pairs = this.pairs(what === 'everything' ? updatedKinds : ['parameter']);
    await this.device.read(pairs.map(({ array, tensor }) => [tensor, array] as const));
  }

  async dispose(): Promise<void> {
    await this.norm.dispose();
    const groups = new Set(this.groups.map(({ program }) => program));
    for (const program of groups) await program.dispose();
    const spares = new Set(this.groups.flatMap(({ spare }) => spare));
    const accumulated = this.accumulatedGradients ?? new Map<string, DeviceTensor>();
    const maps = [this.frozen, this.scalars, this.currentGradients, accumulated];
    for (const tensor of maps.flatMap((map) => [...map.values()])) tensor.dispose();
    for (const tensors of [...this.trained.values(), ...spares]) {
      for (const kind of updatedKinds) tensors[kind].dispose();
    }
  }
}

function named(
  tensors: ReadonlyMap<string, DeviceTensor>,
  nameOf: (parameter: string) => string,
): Record<string, DeviceTensor> {
  return Object.fromEntries([...tensors].map(([name, tensor]) => [nameOf(name), tensor]));
}

function allocateAll(
  device: DeviceMemory,
  specifications: readonly ParameterSpecification[],
): Map<string, DeviceTensor> {
  return new Map(
    specifications.map(({ name, shape }) => [name, device.allocate({ shape, dtype: 'float32' })]),
  );
}

function allocate(device: DeviceMemory, { shape }: ParameterSpecification): Tensors {
  const tensor = (): DeviceTensor => device.allocate({ shape, dtype: 'float32' });
  return { parameter: tensor(), firstMoment: tensor(), secondMoment: tensor() };
}

/** One group for each block and for each other parameter; groups of the same shapes share program and double buffer. */
async function openGroups(
  engine: Engine,
  device: DeviceMemory,
  specifications: readonly ParameterSpecification[],
): Promise<Group[]> {
  const byBlock = new Map<string, ParameterSpecification[]>();
  for (const parameter of specifications) {
    const block = /^h\.\d+\./.exec(parameter.name)?.[0] ?? parameter.name;
    byBlock.set(block, [...(byBlock.get(block) ?? []), parameter]);
  }
  const sharedByShapes = new Map<string, { program: Program; spare: Tensors[] }>();
  const groups: Group[] = [];
  for (const members of byBlock.values()) {
    const key = JSON.stringify(members.map(({ shape, decays }) => [shape, decays]));
    const shared = sharedByShapes.get(key) ?? {
      program: await engine.compile(adamWGraph(members)),
      spare: members.map((member) => allocate(device, member)),
    };
    sharedByShapes.set(key, shared);
    groups.push({ members, ...shared });
  }
  return groups;
}

/** Output `sum`: the sum of the squares of all gradients, a scalar. Sums rows first, which a card does in parallel. */
function gradientNormGraph(specifications: readonly ParameterSpecification[]): Record<string, Tensor> {
  const squares = specifications.map(({ name, shape }) => {
    const gradient = input(gradientName(name), shape);
    const squared = multiply(gradient, gradient);
    return shape.length === 2 ? reduceSum(squared, [1]) : squared;
  });
  return { sum: reduceSum(concat(squares, 0)) };
}
