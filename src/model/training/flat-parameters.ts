import type { DeviceMemory, DeviceTensor, Engine, Program } from '../engine/engine.js';
import { concat, input, multiply, reduceSum } from '../graph/builder.js';
import type { Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { ParameterStore } from '../transformer/parameters.js';
import {
  adamWGraph,
  adamWInput,
  adamWOutput,
  adamWScalarNames,
  type UpdatedKind,
  updatedKinds,
} from './adamw.js';
import {
  commonRow,
  type DeviceParameters,
  type DeviceScalars,
  type MirroredArray,
  type NamedTensors,
  storeOf,
} from './device-parameters.js';
import type { TrainedParameters } from './trainable-model.js';

/** Most elements updated at a time (128 MiB), as intermediate results take some times as much. */
const pieceElements = 1 << 25;

/** A range of the flat arrays. */
interface Piece {
  readonly start: number;
  /** [R,row] */
  readonly shape: Shape;
  readonly decays: boolean;
}

/** Gradients in one tensor: by parameter, and by piece. */
interface FlatGradients {
  readonly flat: DeviceTensor;
  readonly byName: NamedTensors;
  readonly feeds: Readonly<Record<string, DeviceTensor>>;
}

/**
 * For memory with addresses: parameters, each moment and gradients are one tensor each, laid out as the model's own flat
 * arrays. Parameters are views of it; an update changes all of it in place, in one run of few operations.
 */
export class FlatParameters implements DeviceParameters {
  private accumulated: FlatGradients | undefined;

  private constructor(
    private readonly model: TrainedParameters,
    private readonly allocateGradients: () => FlatGradients,
    private readonly flat: Readonly<Record<UpdatedKind, DeviceTensor>>,
    private readonly byName: NamedTensors,
    /** What an update reads and writes besides gradients and scalars, by the names of its inputs and outputs. */
    private readonly updated: {
      readonly feeds: Readonly<Record<string, DeviceTensor>>;
      readonly results: Readonly<Record<string, DeviceTensor>>;
    },
    private readonly scalarNames: ReturnType<typeof adamWScalarNames>,
    private readonly programs: { readonly norm: Program; readonly update: Program },
    private current: FlatGradients,
  ) {}

  static async open(engine: Engine, device: DeviceMemory, model: TrainedParameters): Promise<FlatParameters> {
    const store = model.parameters;
    const pieces = piecesOf(store);
    const allocate = (): DeviceTensor => device.allocate({ shape: [store.flat.length], dtype: 'float32' });
    const flat = { parameter: allocate(), firstMoment: allocate(), secondMoment: allocate() };
    const feeds: Record<string, DeviceTensor> = {};
    const results: Record<string, DeviceTensor> = {};
    for (const [index, { start, shape }] of pieces.entries()) {
      for (const kind of updatedKinds) {
        const view = flat[kind].view(shape, start);
        feeds[adamWInput(kind, index)] = view;
        results[adamWOutput(kind, index)] = view;
      }
    }
    const allocateGradients = (): FlatGradients => {
      const gradients = allocate();
      const views = pieces.map(({ start, shape }, index) => [
        adamWInput('gradient', index),
        gradients.view(shape, start),
      ]);
      return { flat: gradients, byName: viewsByName(store, gradients), feeds: Object.fromEntries(views) };
    };
    const programs = {
      norm: await engine.compile(squaredNormGraph(pieces)),
      update: await engine.compile(adamWGraph(pieces)),
    };
    const byName = viewsByName(store, flat.parameter);
    const scalarNames = adamWScalarNames(pieces);
    const updated = { feeds, results };
    const current = allocateGradients();
    return new FlatParameters(
      model,
      allocateGradients,
      flat,
      byName,
      updated,
      scalarNames,
      programs,
      current,
    );
  }

  parameters(): NamedTensors {
    return this.byName;
  }

  gradients(): NamedTensors {
    return this.current.byName;
  }

  accumulateGradients(): NamedTensors {
    const next = this.accumulated ?? this.allocateGradients();
    [this.accumulated, this.current] = [this.current, next];
    return this.accumulated.byName;
  }

  async squaredNorm(): Promise<number> {
    const sum = new Float32Array(1);
    await this.programs.norm.run(this.current.feeds, { sum });
    return sum[0]!;
  }

  async update(scalars: DeviceScalars): Promise<void> {
    const factors = Object.fromEntries(this.scalarNames.map((name) => [name, scalars[name]]));
    const { feeds, results } = this.updated;
    await this.programs.update.run({ ...feeds, ...this.current.feeds, ...factors }, results);
  }

  mirrored(kinds: readonly UpdatedKind[]): MirroredArray[] {
    return kinds.map((kind) => [this.model[storeOf[kind]].flat, this.flat[kind]]);
  }

  async dispose(): Promise<void> {
    await this.programs.norm.dispose();
    await this.programs.update.dispose();
    const gradients = [this.current, ...(this.accumulated ? [this.accumulated] : [])];
    const views = [this.byName, ...gradients.map(({ byName }) => byName)].flatMap((map) => [...map.values()]);
    const pieces = [this.updated.feeds, ...gradients.map(({ feeds }) => feeds)].flatMap(Object.values);
    for (const tensor of [...views, ...pieces]) tensor.dispose();
    for (const tensor of [...Object.values(this.flat), ...gradients.map(({ flat }) => flat)])
      tensor.dispose();
  }
}

/** Every parameter's range of a flat tensor, in its shape. */
function viewsByName({ specifications, views }: ParameterStore, flat: DeviceTensor): NamedTensors {
  const shapes = new Map(specifications.map(({ name, shape }) => [name, shape]));
  let start = 0;
  return new Map(
    [...views].map(([name, { length }]) => {
      const view = flat.view(shapes.get(name)!, start);
      start += length;
      return [name, view];
    }),
  );
}

/** Parameters that decay come first in the flat arrays, so that no piece mixes the two kinds. */
function piecesOf({ flat, decayed, views }: ParameterStore): Piece[] {
  const row = commonRow([...views.values()].map(({ length }) => length));
  const step = Math.max(1, Math.floor(pieceElements / row)) * row;
  const pieces: Piece[] = [];
  const cut = (from: number, to: number, decays: boolean): void => {
    for (let start = from; start < to; start += step) {
      const size = Math.min(step, to - start);
      pieces.push({ start, shape: [size / row, row], decays });
    }
  };
  cut(0, decayed, true);
  cut(decayed, flat.length, false);
  return pieces;
}

/** Output `sum`: Σ g² over the pieces, a scalar. Sums rows first, which a card does in parallel. */
function squaredNormGraph(pieces: readonly Piece[]): Record<string, Tensor> {
  const rows = pieces.map(({ shape }, index) => {
    const gradient = input(adamWInput('gradient', index), shape);
    return reduceSum(multiply(gradient, gradient), [1]);
  });
  return { sum: reduceSum(concat(rows, 0)) };
}
