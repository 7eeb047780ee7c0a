import type { Engine, Program, Value } from '../engine/engine.js';
import { input, sumOfSquares } from '../graph/builder.js';
import {
  type AdamWScalar,
  adamWGraph,
  adamWInput,
  adamWOutput,
  adamWScalarNames,
  adamWScalars,
  type UpdatedKind,
  type UpdateOptions,
} from './adamw.js';
import { accumulatedGradientName, gradientName } from './loss-graph.js';
import { parameterFeeds, type TrainableModel, type TrainedParameters } from './trainable-model.js';

export type Values = Readonly<Record<string, Value>>;

/** Parameters, gradients and moments where training computes: on the host, or on an engine's device. */
export interface TrainingState {
  /** Every parameter by name: inputs of the loss graphs. */
  parameters(): Values;
  /**
   * Where the training graph writes the next batch's gradients, by output name (`results`), and reads those of earlier
   * batches, by input name (`accumulated`).
   * @param accumulate whether the batch adds to earlier ones.
   */
  gradients(accumulate: boolean): { readonly accumulated: Values; readonly results: Values };
  /**
   * One optimizer step from the gradients; skipped if they are not finite.
   * @returns the global gradient norm before clipping, the loss scale divided out.
   */
  update(options: UpdateOptions): Promise<number>;
  /** Copies parameters, or also moments, into the model's own arrays if they are elsewhere. */
  copyToModel(what: 'parameters' | 'everything'): Promise<void>;
  dispose(): Promise<void>;
}

/** Elements updated at a time: the five arrays of a chunk fit the last-level cache together. */
const chunkElements = 1 << 18;

type ChunkViews = Readonly<Record<UpdatedKind | 'gradient', Float32Array>>;

/** A range of the flat array of trained parameters. */
interface Chunk {
  readonly size: number;
  readonly decays: boolean;
  readonly views: ChunkViews;
}

/** Parameters that decay come first in the flat array (see `ParameterStore`), so no chunk mixes the two kinds. */
function chunksOf({ parameters, gradients, firstMoments, secondMoments }: TrainedParameters): Chunk[] {
  const chunks: Chunk[] = [];
  const cut = (from: number, to: number, decays: boolean): void => {
    for (let start = from; start < to; start += chunkElements) {
      const end = Math.min(to, start + chunkElements);
      const views = {
        parameter: parameters.flat.subarray(start, end),
        gradient: gradients.flat.subarray(start, end),
        firstMoment: firstMoments.flat.subarray(start, end),
        secondMoment: secondMoments.flat.subarray(start, end),
      };
      chunks.push({ size: end - start, decays, views });
    }
  };
  cut(0, parameters.decayed, true);
  cut(parameters.decayed, parameters.flat.length, false);
  return chunks;
}

/** The programs for chunks of one size. */
interface ChunkPrograms {
  readonly decaying: Program;
  readonly constant: Program;
  readonly norm: Program;
}

/** Training state in the model's own arrays: AdamW updates them in place, a cache-sized chunk at a time. */
export class HostTrainingState implements TrainingState {
  private readonly results: Values;
  /** The same arrays as {@link results}, as the inputs that an accumulating batch adds to. */
  private readonly accumulated: Values;

  private constructor(
    private readonly model: TrainableModel,
    private readonly chunks: readonly Chunk[],
    private readonly programs: ReadonlyMap<number, ChunkPrograms>,
  ) {
    const gradients = [...model.trained.gradients.views];
    this.results = Object.fromEntries(gradients.map(([name, view]) => [gradientName(name), view]));
    this.accumulated = Object.fromEntries(
      gradients.map(([name, view]) => [accumulatedGradientName(name), view]),
    );
  }

  static async open(engine: Engine, model: TrainableModel): Promise<HostTrainingState> {
    const chunks = chunksOf(model.trained);
    const programs = new Map<number, ChunkPrograms>();
    for (const size of new Set(chunks.map((chunk) => chunk.size))) {
      const shape = [size];
      programs.set(size, {
        decaying: await engine.compile(adamWGraph([{ shape, decays: true }])),
        constant: await engine.compile(adamWGraph([{ shape, decays: false }])),
        norm: await engine.compile({ sum: sumOfSquares(input('gradient', shape)) }),
      });
    }
    return new HostTrainingState(model, chunks, programs);
  }

  parameters(): Values {
    return parameterFeeds(this.model);
  }

  gradients(accumulate: boolean): { accumulated: Values; results: Values } {
    return { accumulated: accumulate ? this.accumulated : {}, results: this.results };
  }

  /** Global L2 norm of the gradients. */
  private async gradientNorm(): Promise<number> {
    const sum = new Float32Array(1);
    let total = 0;
    for (const { size, views } of this.chunks) {
      await this.programs.get(size)!.norm.run({ gradient: views.gradient }, { sum });
      total += sum[0]!;
    }
    return Math.sqrt(total);
  }

  async update(options: UpdateOptions): Promise<number> {
    const norm = (await this.gradientNorm()) / (options.lossScale ?? 1);
    if (!Number.isFinite(norm)) return norm;
    const scalars = adamWScalars(options, norm);
    const feed = (name: AdamWScalar): [string, Float32Array] => [name, Float32Array.of(scalars[name])];
    for (const { size, decays, views } of this.chunks) {
      const { decaying, constant } = this.programs.get(size)!;
      const { parameter, firstMoment, secondMoment, gradient } = views;
      await (decays ? decaying : constant).run(
        {
          ...Object.fromEntries(adamWScalarNames([{ decays }]).map(feed)),
          [adamWInput('parameter', 0)]: parameter,
          [adamWInput('firstMoment', 0)]: firstMoment,
          [adamWInput('secondMoment', 0)]: secondMoment,
          [adamWInput('gradient', 0)]: gradient,
        },
        {
          [adamWOutput('parameter', 0)]: parameter,
          [adamWOutput('firstMoment', 0)]: firstMoment,
          [adamWOutput('secondMoment', 0)]: secondMoment,
        },
      );
    }
    return norm;
  }

  async copyToModel(): Promise<void> {
    // The model's own arrays are trained.
  }

  async dispose(): Promise<void> {
    for (const { decaying, constant, norm } of this.programs.values())
      for (const program of [decaying, constant, norm]) await program.dispose();
  }
}
