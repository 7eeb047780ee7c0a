import type { Value } from '../engine/engine.js';
import type { UpdateOptions } from './optimizer.js';

export type Values = Readonly<Record<string, Value>>;

/** Where parameters, gradients and moments are while training computes. */
export interface TrainingMemory {
  /** Every parameter by name: inputs of the loss graphs. */
  parameters(): Values;
  /**
   * Where the next batch's gradients are written, by the names of the training graph's outputs, and those of the batches
   * before, by the names of its inputs.
   * @param accumulates whether it adds to those.
   */
  gradients(accumulates: boolean): { readonly earlier: Values; readonly results: Values };
  /**
   * One optimizer step from the gradients; where they are not finite, none.
   * @returns their norm, the loss scale divided out, before clipping.
   */
  update(options: UpdateOptions): Promise<number>;
  /** Brings the model's own arrays up to date: its parameters, or its moments as well. */
  pull(what: 'parameters' | 'everything'): Promise<void>;
  dispose(): Promise<void>;
}
