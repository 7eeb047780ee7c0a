import { add, divide, input, multiply, squareRoot, subtract } from '../graph/builder.js';
import type { Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** The tensors of a parameter that an update changes, each of its shape. */
export const updatedKinds = ['parameter', 'firstMoment', 'secondMoment'] as const;
export type UpdatedKind = (typeof updatedKinds)[number];

/** Inputs of an update that are scalars. */
type Scalars<Value> = Readonly<
  Record<'gradientScale' | 'stepSize' | 'biasCorrection' | 'weightDecayFactor', Value>
>;
export type AdamWScalar = keyof Scalars<number>;

export interface UpdateOptions {
  /** Number of this update, from 1, for the bias correction of the moments. */
  readonly step: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Global gradient norm above which gradients are scaled down. */
  readonly clipNorm: number;
  /** What the gradients were multiplied by. Default: 1. */
  readonly lossScale?: number;
}

/**
 * The scalars of an update. `gradientScale` takes the loss scale out of the gradients and clips their norm (Pascanu et
 * al., "On the difficulty of training recurrent neural networks", 2013, section 3.2); `stepSize` = learning rate /
 * (1 − β₁ᵗ); `biasCorrection` = 1 / √(1 − β₂ᵗ); `weightDecayFactor` = 1 − learning rate · weight decay.
 * @param gradientNorm global L2 norm of the gradients, the loss scale divided out.
 */
export function adamWScalars(
  { step, learningRate, weightDecay, clipNorm, lossScale = 1 }: UpdateOptions,
  gradientNorm: number,
): Scalars<number> {
  return {
    gradientScale: (gradientNorm > clipNorm ? clipNorm / gradientNorm : 1) / lossScale,
    stepSize: learningRate / (1 - beta1 ** step),
    biasCorrection: 1 / Math.sqrt(1 - beta2 ** step),
    weightDecayFactor: 1 - learningRate * weightDecay,
  };
}

/** A parameter that a graph updates, or a chunk of the flat array of several. */
interface UpdatedParameter {
  readonly shape: Shape;
  /** Whether weight decay applies. */
  readonly decays: boolean;
}

/** Names of a parameter's inputs and outputs in {@link adamWGraph}, by its index. */
export const adamWInput = (kind: UpdatedKind | 'gradient', index: number): string => `${kind}.${index}`;
export const adamWOutput = (kind: UpdatedKind, index: number): string => `new.${kind}.${index}`;

type Decaying = Pick<UpdatedParameter, 'decays'>;

/** The scalar inputs of the graph of these parameters: without `weightDecayFactor` if none of them decays. */
export function adamWScalarNames(parameters: readonly Decaying[]): AdamWScalar[] {
  const decay = parameters.some(({ decays }) => decays) ? (['weightDecayFactor'] as const) : [];
  return ['gradientScale', 'stepSize', 'biasCorrection', ...decay];
}

/** What elements are multiplied by and added to, [], from the scalar inputs. */
interface AdamWFactors {
  /** Of the gradient in the first moment. */
  readonly first: Tensor;
  /** Of the gradient before it is squared for the second moment. */
  readonly second: Tensor;
  readonly step: Tensor;
  readonly epsilon: Tensor;
  readonly weightDecay: Tensor;
}

/** The factors that all parameters of a graph share. Constants are multiplied here, not into every element. */
export function adamWFactors(parameters: readonly Decaying[]): AdamWFactors {
  const { gradientScale, stepSize, biasCorrection, weightDecayFactor } = Object.fromEntries(
    adamWScalarNames(parameters).map((name) => [name, input(name, [])]),
  ) as Scalars<Tensor>;
  return {
    first: multiply(gradientScale, 1 - beta1),
    second: multiply(gradientScale, Math.sqrt(1 - beta2)),
    step: divide(stepSize, biasCorrection),
    epsilon: divide(epsilon, biasCorrection),
    weightDecay: weightDecayFactor,
  };
}

/**
 * AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2) for several parameters,
 * float32. Inputs: for each parameter the tensors named by {@link adamWInput}, of its shape; the scalars of {@link
 * adamWScalarNames}, []. Outputs, named by {@link adamWOutput}: the new values. Every op is elementwise, so on the
 * host, and on a device whose memory has addresses, the outputs may overwrite the inputs.
 */
export function adamWGraph(parameters: readonly UpdatedParameter[]): Record<string, Tensor> {
  const factors = adamWFactors(parameters);
  const outputs: Record<string, Tensor> = {};
  for (const [index, { shape, decays }] of parameters.entries()) {
    const read = (kind: UpdatedKind | 'gradient'): Tensor => input(adamWInput(kind, index), shape);
    const updated = updateParameter(
      {
        parameter: read('parameter'),
        firstMoment: read('firstMoment'),
        secondMoment: read('secondMoment'),
        gradient: read('gradient'),
      },
      factors,
      decays,
    );
    for (const kind of updatedKinds) outputs[adamWOutput(kind, index)] = updated[kind];
  }
  return outputs;
}

/** AdamW of one parameter, in as few passes over the elements as possible. */
export function updateParameter(
  { parameter, firstMoment, secondMoment, gradient }: Readonly<Record<UpdatedKind | 'gradient', Tensor>>,
  factors: AdamWFactors,
  decays: boolean,
): Record<UpdatedKind, Tensor> {
  const first = add(multiply(firstMoment, beta1), multiply(gradient, factors.first));
  const root = multiply(gradient, factors.second);
  const second = add(multiply(secondMoment, beta2), multiply(root, root));
  const denominator = add(squareRoot(second), factors.epsilon);
  const step = divide(multiply(first, factors.step), denominator);
  const decayed = decays ? multiply(parameter, factors.weightDecay) : parameter;
  return { parameter: subtract(decayed, step), firstMoment: first, secondMoment: second };
}
