import { elementCount } from '../graph/shape.js';
import type { TransformerConfiguration } from './configuration.js';
import { paddedHeadWidth } from './decode-graph.js';
import { parameterSpecifications } from './parameters.js';

/**
 * Beyond it a step's time grows as its rows do. Below, reading the weights is a growing part of it (docs/generation.md).
 */
const mostUsefulSlots = 256;
/** Keys and values that any model may hold, in bytes; a model may hold half as much as its weights take, if that is more. */
const modestCache = 1.25 * 2 ** 30;
const bytesPerFloat = 4;

/** Bytes of a slot's keys and values: two arrays [H,K,D'] of float32 a layer. @param capacity K, in tokens. */
export function slotBytes(configuration: TransformerConfiguration, capacity: number): number {
  const { layers, heads } = configuration;
  return 2 * layers * heads * capacity * paddedHeadWidth(configuration) * bytesPerFloat;
}

/** Bytes of the weights as float32. */
export function parameterBytes(configuration: TransformerConfiguration): number {
  const elements = parameterSpecifications(configuration).map(({ shape }) => elementCount(shape));
  return bytesPerFloat * elements.reduce((sum, count) => sum + count, 0);
}

/**
 * How many texts to decode side by side by default: as many as are wanted, as make decoding faster, and as have keys and
 * values that stay modest beside the weights. The same on every machine.
 * @param texts wanted in all, at least 1, where that is known.
 */
export function defaultSlots(
  configuration: TransformerConfiguration,
  capacity: number,
  texts = mostUsefulSlots,
): number {
  const cache = Math.max(modestCache, parameterBytes(configuration) / 2);
  const fitting = Math.max(1, Math.floor(cache / slotBytes(configuration, capacity)));
  return Math.min(mostUsefulSlots, fitting, texts);
}
