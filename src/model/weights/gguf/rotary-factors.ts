import type { RotaryScaling } from '../../transformer/configuration.js';
import { rotaryFrequencies } from '../../transformer/rotary.js';

/** The tensor that has them, [D/2]. */
export const factorTensor = 'rope_freqs.weight';

/** Llama 3's bounds, in turns within the original context. Only their products with that context count, so they can be fixed. */
const [lowFrequencyFactor, highFrequencyFactor] = [1, 4];

/**
 * What llama.cpp divides the frequencies of rotary positions by, [D/2], where they are scaled as Llama 3's.
 * @param headWidth D: channels of a head.
 */
export function rotaryFactors(base: number, scaling: RotaryScaling, headWidth: number): Float32Array {
  const scaled = rotaryFrequencies({ base, scaling }, headWidth);
  return Float32Array.from(rotaryFrequencies({ base }, headWidth), (plain, pair) => plain / scaled[pair]!);
}

/** Longest context that a configuration may name. */
const longestContext = 1 << 24;

/**
 * The scaling that such factors come from. Between those kept (1) and those divided by all of it (F), 1/factor is linear in the
 * frequency f: (1/F − (1 − 1/F) / 3) + f · (1 − 1/F) · context / 6π, with the bounds 1 and 4. Two between give F and the context; with
 * fewer, F is the largest factor.
 * @param factors [D/2]
 * @returns undefined where no scaling of Llama 3's kind with these bounds has these factors, to 1e-4 of each.
 */
export function scalingOf(
  factors: Float32Array,
  base: number,
  headWidth: number,
): Extract<RotaryScaling, { kind: 'llama3' }> | undefined {
  if (factors.length !== headWidth / 2) return undefined;
  const frequencies = rotaryFrequencies({ base }, headWidth);
  for (const [factor, context] of candidates(factors, frequencies)) {
    const originalContextLength = Math.round(context);
    const isContext = originalContextLength >= 1 && originalContextLength <= longestContext;
    if (!(factor > 1) || !Number.isFinite(factor) || !isContext) continue;
    const scaling = {
      kind: 'llama3',
      factor,
      lowFrequencyFactor,
      highFrequencyFactor,
      originalContextLength,
    } as const;
    const again = rotaryFactors(base, scaling, headWidth);
    if (again.every((value, pair) => Math.abs(value / factors[pair]! - 1) <= 1e-4)) return scaling;
  }
  return undefined;
}

/** Factors and original contexts that the factors may come from, the likeliest first. */
function candidates(
  factors: Float32Array,
  frequencies: readonly number[],
): readonly (readonly [factor: number, context: number])[] {
  const largest = tidy(factors.reduce((most, value) => Math.max(most, value), 1));
  const kept = factors.findLastIndex((value) => value <= 1.0001);
  const between = [...factors.entries()].filter(([, value]) => value > 1.001 && value < largest * 0.999);
  const range = highFrequencyFactor - lowFrequencyFactor;
  const found: (readonly [number, number])[] = [];
  // Of those between, the one in the middle suffers least from float32's rounding.
  const middle = between[Math.floor(between.length / 2)];
  const contextOf = ([pair, value]: readonly [number, number], factor: number): number => {
    const share = (1 / value - 1 / factor) / (1 - 1 / factor);
    return ((lowFrequencyFactor + share * range) * 2 * Math.PI) / frequencies[pair]!;
  };
  if (middle) found.push([largest, contextOf(middle, largest)]);
  // Where no frequency is divided by all of it, the largest factor is not F.
  const inside = [...factors.entries()].filter(([, value]) => value > 1.001);
  const [first, last] = [inside[0], inside.at(-1)];
  if (first && last && first[0] !== last[0]) {
    const slope = (1 / first[1] - 1 / last[1]) / (frequencies[first[0]]! - frequencies[last[0]]!);
    const start = 1 / last[1] - slope * frequencies[last[0]]!;
    const inverse = (range * start + lowFrequencyFactor) / highFrequencyFactor;
    found.push([tidy(1 / inverse), (slope * range * 2 * Math.PI) / (1 - inverse)]);
  }
  // A single one can come of any larger factor.
  if (inside.length === 1)
    found.push(...[2, 4].map((of) => [of * largest, contextOf(inside[0]!, of * largest)] as const));
  // With none between, all contexts are alike that just keep the slowest frequency that is kept.
  if (kept >= 0) found.push([largest, Math.ceil((highFrequencyFactor * 2 * Math.PI) / frequencies[kept]!)]);
  return found;
}

/** Float32's rounding of a quotient taken off. */
const tidy = (factor: number): number => Math.round(factor * 1e3) / 1e3;

/** Whether factors leave all positions as they are. */
export const keepsAll = (factors: Float32Array): boolean =>
  factors.every((value) => Math.abs(value - 1) <= 1e-4);
