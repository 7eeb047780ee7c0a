import type { Engine, Program } from '../engine/engine.js';
import { add, divide, input, multiply, squareRoot, subtract, sumOfSquares } from '../graph/builder.js';
import type { Tensor } from '../graph/tensor.js';
import type { ParameterStore } from '../transformer/parameters.js';

/** Elements updated at a time: the five arrays of a piece fit the last-level cache together. */
const pieceElements = 1 << 18;

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** A parameter and what goes with it, of one shape. */
interface Updated {
  readonly parameter: Tensor;
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
}

/** Inputs of the update that are one number for all elements. `keep`: undefined for what does not decay. */
interface UpdateScalars {
  readonly gradientScale: Tensor;
  readonly stepSize: Tensor;
  readonly deviationScale: Tensor;
  readonly keep: Tensor | undefined;
}

/**
 * AdamW, element by element (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2). Factors
 * are drawn together, so that as few passes as possible go over the elements.
 * @param scalars as `adamWScalars` and `gradientScaleOf` give them.
 */
export function adamW(
  { parameter, firstMoment, secondMoment, gradient }: Updated & { readonly gradient: Tensor },
  { gradientScale, stepSize, deviationScale, keep }: UpdateScalars,
): Updated {
  const scaledBy = (factor: number): Tensor => multiply(gradient, multiply(gradientScale, factor));
  const first = add(multiply(firstMoment, beta1), scaledBy(1 - beta1));
  const root = scaledBy(Math.sqrt(1 - beta2));
  const second = add(multiply(secondMoment, beta2), multiply(root, root));
  const deviation = add(squareRoot(second), divide(epsilon, deviationScale));
  const step = divide(multiply(first, divide(stepSize, deviationScale)), deviation);
  const kept = keep ? multiply(parameter, keep) : parameter;
  return { parameter: subtract(kept, step), firstMoment: first, secondMoment: second };
}

/**
 * `stepSize` = learning rate / (1 − β₁ᵗ), `deviationScale` = 1 / √(1 − β₂ᵗ), `keep` = 1 − learning rate · weight decay.
 */
export function adamWScalars({
  step,
  learningRate,
  weightDecay,
}: Pick<UpdateOptions, 'step' | 'learningRate' | 'weightDecay'>): {
  readonly stepSize: number;
  readonly deviationScale: number;
  readonly keep: number;
} {
  return {
    stepSize: learningRate / (1 - beta1 ** step),
    deviationScale: 1 / Math.sqrt(1 - beta2 ** step),
    keep: 1 - learningRate * weightDecay,
  };
}

/**
 * What scaled gradients are multiplied with, given their norm without the scale, so that the scale is gone and the norm
 * at most `clipNorm` (Pascanu et al. 2013, section 3.2).
 */
export const gradientScaleOf = (
  norm: number,
  { clipNorm, lossScale = 1 }: Pick<UpdateOptions, 'clipNorm' | 'lossScale'>,
): number => (norm > clipNorm ? clipNorm / norm : 1) / lossScale;

/**
 * AdamW on n elements: inputs parameter, gradient, moments [n], and the scalars. Every op works element by element, so
 * the outputs may be written over the inputs.
 */
function adamWGraph(elements: number, decays: boolean): Record<string, Tensor> {
  const read = (name: string): Tensor => input(name, [elements]);
  const scalar = (name: string): Tensor => input(name, []);
  const updated = adamW(
    {
      parameter: read('parameter'),
      firstMoment: read('firstMoment'),
      secondMoment: read('secondMoment'),
      gradient: read('gradient'),
    },
    {
      gradientScale: scalar('gradientScale'),
      stepSize: scalar('stepSize'),
      deviationScale: scalar('deviationScale'),
      keep: decays ? scalar('keep') : undefined,
    },
  );
  return {
    newParameter: updated.parameter,
    newFirstMoment: updated.firstMoment,
    newSecondMoment: updated.secondMoment,
  };
}

/** Parameters, their gradients and moments: four stores laid out alike. */
export interface OptimizerState {
  readonly parameters: ParameterStore;
  readonly gradients: ParameterStore;
  readonly firstMoments: ParameterStore;
  readonly secondMoments: ParameterStore;
}

export interface UpdateOptions {
  /** Number of this update from 1, for the bias correction of the moments. */
  readonly step: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Global gradient norm above which gradients are scaled down (Pascanu et al. 2013, section 3.2). */
  readonly clipNorm: number;
  /** What the gradients were multiplied by; 1 where it is left out. */
  readonly lossScale?: number;
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly decays: boolean;
}

function piecesOf(store: ParameterStore): Piece[] {
  const pieces: Piece[] = [];
  const cut = (from: number, to: number, decays: boolean): void => {
    for (let start = from; start < to; start += pieceElements) {
      pieces.push({ start, end: Math.min(to, start + pieceElements), decays });
    }
  };
  cut(0, store.decayed, true);
  cut(store.decayed, store.flat.length, false);
  return pieces;
}

/** What is run on pieces of one size. */
interface PiecePrograms {
  readonly decaying: Program;
  readonly constant: Program;
  readonly norm: Program;
}

/** AdamW over all parameters in place, a cache-sized piece at a time. Biases, norms and embeddings do not decay. */
export class Optimizer {
  private constructor(
    private readonly programs: ReadonlyMap<number, PiecePrograms>,
    private readonly work: readonly { readonly decays: boolean; readonly views: PieceViews }[],
  ) {}

  static async create(engine: Engine, state: OptimizerState): Promise<Optimizer> {
    const pieces = piecesOf(state.parameters);
    const programs = new Map<number, PiecePrograms>();
    for (const size of new Set(pieces.map(({ start, end }) => end - start))) {
      programs.set(size, {
        decaying: await engine.compile(adamWGraph(size, true)),
        constant: await engine.compile(adamWGraph(size, false)),
        norm: await engine.compile({ sum: sumOfSquares(input('gradient', [size])) }),
      });
    }
    const work = pieces.map(({ start, end, decays }) => ({
      decays,
      views: {
        parameter: state.parameters.flat.subarray(start, end),
        gradient: state.gradients.flat.subarray(start, end),
        firstMoment: state.firstMoments.flat.subarray(start, end),
        secondMoment: state.secondMoments.flat.subarray(start, end),
      },
    }));
    return new Optimizer(programs, work);
  }

  /** Global L2 norm of the gradients. */
  private async gradientNorm(): Promise<number> {
    const sum = new Float32Array(1);
    let total = 0;
    for (const { views } of this.work) {
      await this.programs.get(views.gradient.length)!.norm.run({ gradient: views.gradient }, { sum });
      total += sum[0]!;
    }
    return Math.sqrt(total);
  }

  /** As `TrainingMemory.update`. */
  async update(options: UpdateOptions): Promise<number> {
    const norm = (await this.gradientNorm()) / (options.lossScale ?? 1);
    if (!Number.isFinite(norm)) return norm;
    const { stepSize, deviationScale, keep } = adamWScalars(options);
    const scalars = {
      gradientScale: Float32Array.of(gradientScaleOf(norm, options)),
      stepSize: Float32Array.of(stepSize),
      deviationScale: Float32Array.of(deviationScale),
    };
    const decay = { keep: Float32Array.of(keep) };
    for (const { decays, views } of this.work) {
      const { decaying, constant } = this.programs.get(views.parameter.length)!;
      await (decays ? decaying : constant).run(
        { ...views, ...scalars, ...(decays ? decay : {}) },
        {
          newParameter: views.parameter,
          newFirstMoment: views.firstMoment,
          newSecondMoment: views.secondMoment,
        },
      );
    }
    return norm;
  }

  async dispose(): Promise<void> {
    for (const programs of this.programs.values())
      for (const program of Object.values(programs) as Program[]) await program.dispose();
  }
}

interface PieceViews extends Record<string, Float32Array> {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}
