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

/**
 * The scaling that such factors come from: the factor is the largest; the original context follows from any frequency that is
 * neither kept nor divided by all of it, as its share `(turns − low) / (high − low)` is linear in that context.
 * @param factors [D/2]
 * @returns undefined where no scaling of Llama 3's kind has these factors, to 1e-4 of each.
 */
export function scalingOf(
  factors: Float32Array,
  base: number,
  headWidth: number,
): Extract<RotaryScaling, { kind: 'llama3' }> | undefined {
  // Float32's rounding of a quotient taken off.
  const factor = Math.round(factors.reduce((largest, value) => Math.max(largest, value), 1) * 1e4) / 1e4;
  const turnsAPosition = rotaryFrequencies({ base }, headWidth).map((frequency) => frequency / (2 * Math.PI));
  const shares = Array.from(factors, (value) => (1 / value - 1 / factor) / (1 - 1 / factor));
  const between = shares.findIndex((share) => share > 0.001 && share < 0.999);
  const kept = shares.findLastIndex((share) => share >= 0.999);
  // Without one between, all contexts are alike that just keep the slowest frequency that is kept.
  const share = between >= 0 ? shares[between]! : 1;
  const turns = lowFrequencyFactor + share * (highFrequencyFactor - lowFrequencyFactor);
  const context = turns / (turnsAPosition[between >= 0 ? between : kept] ?? 0);
  const originalContextLength = between >= 0 ? Math.round(context) : Math.ceil(context);
  const scaling = {
    kind: 'llama3',
    factor,
    lowFrequencyFactor,
    highFrequencyFactor,
    originalContextLength,
  } as const;
  const again = rotaryFactors(base, scaling, headWidth);
  const isSame = again.every((value, pair) => Math.abs(value / factors[pair]! - 1) <= 1e-4);
  return factors.length === headWidth / 2 && isSame ? scaling : undefined;
}
