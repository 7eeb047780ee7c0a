import { elementCount } from '../graph/shape.js';
import type { TransformerConfiguration } from './configuration.js';
import { slotShape } from './decode-graph.js';
import { parameterSpecifications } from './parameters.js';

/**
 * Beyond this many slots a step's time is proportional to its rows; with fewer, reading the weights dominates
 * (docs/generation.md).
 */
const maximumSlots = 256;
/** Most bytes of keys and values, or half the size of the weights if that is more. */
const cacheBudget = 1.25 * 2 ** 30;
const bytesPerFloat = 4;

/** Size of a slot's keys and values in bytes: two float32 arrays [G,K,D'] per layer. @param capacity K, in tokens. */
export function slotBytes(configuration: TransformerConfiguration, capacity: number): number {
  return 2 * configuration.layers * elementCount(slotShape(configuration, capacity)) * bytesPerFloat;
}

/** Size of the weights as float32, in bytes. */
export function parameterBytes(configuration: TransformerConfiguration): number {
  const elements = parameterSpecifications(configuration).map(({ shape }) => elementCount(shape));
  return bytesPerFloat * elements.reduce((sum, count) => sum + count, 0);
}

/**
 * The default number of slots: bounded by the number of texts, by what still makes decoding faster, and by a moderate
 * size of keys and values compared to the weights. The same on every machine.
 * @param texts total number of texts, at least 1, if known.
 */
export function defaultSlots(
  configuration: TransformerConfiguration,
  capacity: number,
  texts = maximumSlots,
): number {
  const cache = Math.max(cacheBudget, parameterBytes(configuration) / 2);
  const fitting = Math.max(1, Math.floor(cache / slotBytes(configuration, capacity)));
  return Math.min(maximumSlots, fitting, texts);
}
