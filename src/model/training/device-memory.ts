import type { DeviceMemory, DeviceTensor, Engine, NumericArray, Program, Value } from '../engine/engine.js';
import { concat, input, multiply, reduceSum } from '../graph/builder.js';
import type { Tensor } from '../graph/tensor.js';
import type { ParameterSpecification } from '../transformer/parameters.js';
import { earlierGradientName, gradientName } from './loss-graph.js';
import { adamW, adamWScalars, gradientScaleOf, type UpdateOptions } from './optimizer.js';
import type { TrainableModel } from './trainable.js';
import type { TrainingMemory, Values } from './training-memory.js';

/** What the optimizer changes of a parameter, and its gradient. */
const kinds = ['parameter', 'firstMoment', 'secondMoment'] as const;
type Kind = (typeof kinds)[number];
type Tensors = Record<Kind, DeviceTensor>;

/** Parameters that are updated in one run: those of a block, or a single one. */
interface Group {
  readonly members: readonly ParameterSpecification[];
  readonly program: Program;
  /** Room for the new values of the members, which then becomes theirs, and theirs room for the next group like it. */
  readonly spare: Tensors[];
}

const scalarNames = ['gradientScale', 'stepSize', 'deviationScale', 'keep'] as const;

/** Parameters, gradients and moments on an engine's device. */
export class DeviceTrainingMemory implements TrainingMemory {
  private constructor(
    private readonly device: DeviceMemory,
    private readonly model: TrainableModel,
    private readonly frozen: ReadonlyMap<string, DeviceTensor>,
    private readonly tensors: Map<string, Tensors>,
    private readonly scalars: ReadonlyMap<string, DeviceTensor>,
    private readonly groups: readonly Group[],
    private readonly norm: Program,
    private current: ReadonlyMap<string, DeviceTensor>,
  ) {}

  /** Gradients of the batch before, while batches accumulate: a device must not read what it writes. */
  private earlier: ReadonlyMap<string, DeviceTensor> | undefined;

  static async open(
    engine: Engine,
    device: DeviceMemory,
    model: TrainableModel,
  ): Promise<DeviceTrainingMemory> {
    const { state, frozen } = model;
    const { specifications } = state.parameters;
    const groups = await openGroups(engine, device, specifications);
    const tensors = new Map(specifications.map((parameter) => [parameter.name, allocate(device, parameter)]));
    const memory = new DeviceTrainingMemory(
      device,
      model,
      allocateAll(device, frozen.specifications),
      tensors,
      new Map(scalarNames.map((name) => [name, device.allocate({ shape: [], dtype: 'float32' })])),
      groups,
      await engine.compile(normGraph(specifications)),
      allocateAll(device, specifications),
    );
    await device.write([
      ...[...memory.frozen].map(([name, tensor]) => [frozen.views.get(name)!, tensor] as const),
      ...memory.pairs(kinds).map(({ array, tensor }) => [array, tensor] as const),
    ]);
    return memory;
  }

  private pairs(wanted: readonly Kind[]): { array: NumericArray; tensor: DeviceTensor }[] {
    const { parameters, firstMoments, secondMoments } = this.model.state;
    const stores = { parameter: parameters, firstMoment: firstMoments, secondMoment: secondMoments };
    return [...this.tensors].flatMap(([name, tensors]) =>
      wanted.map((kind) => ({ array: stores[kind].views.get(name)!, tensor: tensors[kind] })),
    );
  }

  parameters(): Values {
    const trained = [...this.tensors].map(([name, { parameter }]) => [name, parameter]);
    return Object.fromEntries([...this.frozen, ...trained]);
  }

  gradients(accumulates: boolean): { earlier: Values; results: Values } {
    if (accumulates) {
      const next = this.earlier ?? allocateAll(this.device, this.model.state.parameters.specifications);
      [this.earlier, this.current] = [this.current, next];
    }
    return {
      earlier: accumulates ? named(this.earlier!, earlierGradientName) : {},
      results: named(this.current, gradientName),
    };
  }

  async update(options: UpdateOptions): Promise<number> {
    const sum = new Float32Array(1);
    await this.norm.run(named(this.current, gradientName), { sum });
    const norm = Math.sqrt(sum[0]!) / (options.lossScale ?? 1);
    if (!Number.isFinite(norm)) return norm;
    const values = { ...adamWScalars(options), gradientScale: gradientScaleOf(norm, options) };
    const scalars = Object.fromEntries(this.scalars);
    const { keep: _, ...withoutDecay } = scalars;
    await this.device.write(
      scalarNames.map((name) => [Float32Array.of(values[name]), scalars[name]!] as const),
    );
    for (const { members, program, spare } of this.groups) {
      const feeds: Record<string, Value> = {
        ...(members.some(({ decays }) => decays) ? scalars : withoutDecay),
      };
      const results: Record<string, Value> = {};
      for (const [index, { name }] of members.entries()) {
        const old = this.tensors.get(name)!;
        feeds[`gradient.${index}`] = this.current.get(name)!;
        for (const kind of kinds) {
          feeds[`${kind}.${index}`] = old[kind];
          results[`new.${kind}.${index}`] = spare[index]![kind];
        }
        this.tensors.set(name, spare[index]!);
        spare[index] = old;
      }
      await program.run(feeds, results);
    }
    return norm;
  }

  async pull(what: 'parameters' | 'everything'): Promise<void> {
    const wanted = this.pairs(what === 'everything' ? kinds : ['parameter']);
    await this.device.read(wanted.map(({ array, tensor }) => [tensor, array] as const));
  }

  async dispose(): Promise<void> {
    await this.norm.dispose();
    const groups = new Set(this.groups.map(({ program }) => program));
    for (const program of groups) await program.dispose();
    const spares = new Set(this.groups.flatMap(({ spare }) => spare));
    const maps = [this.frozen, this.scalars, this.current, this.earlier ?? new Map<string, DeviceTensor>()];
    for (const tensor of maps.flatMap((map) => [...map.values()])) tensor.dispose();
    for (const tensors of [...this.tensors.values(), ...spares]) {
      for (const kind of kinds) tensors[kind].dispose();
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

/** One group a block, one for each other parameter; blocks are alike and share program and spare room. */
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
  const alike = new Map<string, { program: Program; spare: Tensors[] }>();
  const groups: Group[] = [];
  for (const members of byBlock.values()) {
    const kind = JSON.stringify(members.map(({ shape, decays }) => [shape, decays]));
    const shared = alike.get(kind) ?? {
      program: await engine.compile(updateGraph(members)),
      spare: members.map((member) => allocate(device, member)),
    };
    alike.set(kind, shared);
    groups.push({ members, ...shared });
  }
  return groups;
}

/** AdamW for several parameters in one graph; names end in a member's index. Scalars as in `adamWScalars`. */
function updateGraph(members: readonly ParameterSpecification[]): Record<string, Tensor> {
  const [gradientScale, stepSize, deviationScale, keep] = scalarNames.map((name) => input(name, [])) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const outputs: Record<string, Tensor> = {};
  for (const [index, { shape, decays }] of members.entries()) {
    const read = (kind: string): Tensor => input(`${kind}.${index}`, shape);
    const updated = adamW(
      {
        parameter: read('parameter'),
        gradient: read('gradient'),
        firstMoment: read('firstMoment'),
        secondMoment: read('secondMoment'),
      },
      { gradientScale, stepSize, deviationScale, keep: decays ? keep : undefined },
    );
    for (const kind of kinds) outputs[`new.${kind}.${index}`] = updated[kind];
  }
  return outputs;
}

/** Output `sum`: the sum of the squares of all gradients, a scalar; row by row first, which a card does side by side. */
function normGraph(specifications: readonly ParameterSpecification[]): Record<string, Tensor> {
  const bySpecification = specifications.map(({ name, shape }) => {
    const gradient = input(gradientName(name), shape);
    const squares = multiply(gradient, gradient);
    return shape.length === 2 ? reduceSum(squares, [1]) : squares;
  });
  return { sum: reduceSum(concat(bySpecification, 0)) };
}
