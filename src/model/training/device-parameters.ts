import type { DeviceTensor, NumericArray } from '../engine/engine.js';
import type { AdamWScalar, UpdatedKind } from './adamw.js';
import type { TrainedParameters } from './trainable-model.js';

/** Tensors by parameter name. */
export type NamedTensors = ReadonlyMap<string, DeviceTensor>;

/** An array of the model, and the tensor on the device that stands for it. */
export type MirroredArray = readonly [array: NumericArray, tensor: DeviceTensor];

/** The scalars of an update on the device, []. */
export type DeviceScalars = Readonly<Record<AdamWScalar, DeviceTensor>>;

/**
 * Trained parameters on a device, with their moments and gradients, laid out so that an update takes as few operations as
 * the device's memory allows.
 */
export interface DeviceParameters {
  parameters(): NamedTensors;
  /** Gradients that the next batch writes. */
  gradients(): NamedTensors;
  /** Sets the gradients of the batches so far aside. @returns them; the next batch adds to them. */
  accumulateGradients(): NamedTensors;
  /** Σ g² over all gradients, the loss scale in them. */
  squaredNorm(): Promise<number>;
  /** AdamW (`adamWGraph`) of all parameters. */
  update(scalars: DeviceScalars): Promise<void>;
  /** The tensors of these kinds, each with its array. */
  mirrored(kinds: readonly UpdatedKind[]): MirroredArray[];
  dispose(): Promise<void>;
}

/** The store on the host that holds each kind. */
export const storeOf = {
  parameter: 'parameters',
  firstMoment: 'firstMoments',
  secondMoment: 'secondMoments',
} as const satisfies Readonly<Record<UpdatedKind, keyof TrainedParameters>>;

/** The largest number of elements that every tensor is a whole number of: the rows in which tensors of any shapes are joined. */
export function commonRow(sizes: readonly number[]): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  return sizes.reduce(divisor, 0);
}
