import type { Engine, Program } from '../engine/contract.js';
import type { ParameterStore } from '../gpt2/parameters.js';
import { add, divide, input, multiply, squareRoot, subtract, sumOfSquares } from '../graph/builder.js';
import type { Tensor } from '../graph/tensor.js';

/** Elements updated at a time: the five arrays of a piece fit the last-level cache together. */
const pieceElements = 1 << 18;

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/**
 * AdamW on n elements (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2). Inputs
 * parameter, gradient, moments [n]; scalars: `gradientScale`, `stepSize` = learning rate / (1 − β₁ᵗ),
 * `deviationScale` = 1 / √(1 − β₂ᵗ), `keep` = 1 − learning rate · weight decay. Every op works element by element, so
 * the outputs may be written over the inputs.
 */
function adamWGraph(elements: number): Record<string, Tensor> {
  const [parameter, firstMoment, secondMoment] = ['parameter', 'firstMoment', 'secondMoment'].map((name) =>
    input(name, [elements]),
  ) as [Tensor, Tensor, Tensor];
  const gradient = multiply(input('gradient', [elements]), input('gradientScale', []));
  const first = add(multiply(firstMoment, beta1), multiply(gradient, 1 - beta1));
  const second = add(multiply(secondMoment, beta2), multiply(multiply(gradient, gradient), 1 - beta2));
  const deviation = add(multiply(squareRoot(second), input('deviationScale', [])), epsilon);
  const step = divide(multiply(first, input('stepSize', [])), deviation);
  return {
    newParameter: subtract(multiply(parameter, input('keep', [])), step),
    newFirstMoment: first,
    newSecondMoment: second,
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
  /** Step number from 1, for the bias correction of the moments. */
  readonly step: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Global gradient norm above which gradients are scaled down (Pascanu et al. 2013, section 3.2). */
  readonly clipNorm: number;
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

/** AdamW over all parameters in place, a cache-sized piece at a time. Biases, norms and embeddings do not decay. */
export class Optimizer {
  private constructor(
    private readonly programs: ReadonlyMap<number, { update: Program; norm: Program }>,
    private readonly work: readonly { readonly decays: boolean; readonly views: PieceViews }[],
  ) {}

  static async create(engine: Engine, state: OptimizerState): Promise<Optimizer> {
    const pieces = piecesOf(state.parameters);
    const programs = new Map<number, { update: Program; norm: Program }>();
    for (const size of new Set(pieces.map(({ start, end }) => end - start))) {
      const update = await engine.compile(adamWGraph(size));
      const norm = await engine.compile({ sum: sumOfSquares(input('gradient', [size])) });
      programs.set(size, { update, norm });
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

  /** One AdamW step from the gradients in the state. @returns the gradient norm before clipping. */
  async update({ step, learningRate, weightDecay, clipNorm }: UpdateOptions): Promise<number> {
    const norm = await this.gradientNorm();
    const scalars = (decay: number): Record<string, Float32Array> => ({
      gradientScale: Float32Array.of(norm > clipNorm ? clipNorm / norm : 1),
      stepSize: Float32Array.of(learningRate / (1 - beta1 ** step)),
      deviationScale: Float32Array.of(1 / Math.sqrt(1 - beta2 ** step)),
      keep: Float32Array.of(1 - learningRate * decay),
    });
    const [decaying, constant] = [scalars(weightDecay), scalars(0)];
    for (const { decays, views } of this.work) {
      await this.programs.get(views.parameter.length)!.update.run(
        { ...views, ...(decays ? decaying : constant) },
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
    for (const { update, norm } of this.programs.values()) {
      await update.dispose();
      await norm.dispose();
    }
  }
}

interface PieceViews extends Record<string, Float32Array> {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}
