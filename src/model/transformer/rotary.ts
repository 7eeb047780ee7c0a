import { type Angles, constant } from '../graph/builder.js';
import type { RotaryPositions } from './configuration.js';

/**
 * The angle by which a step of one position turns each pair of a head's channels, in radians, [D/2]: base^(−2i/D) (Su et
 * al., "RoFormer", 2021, section 3.3), rounded to float32 and scaled as Hugging Face's Llama does.
 */
export function rotaryFrequencies({ base, scaling }: RotaryPositions, headWidth: number): number[] {
  return Array.from({ length: headWidth / 2 }, (_, pair) => {
    const frequency = Math.fround(1 / base ** ((2 * pair) / headWidth));
    if (!scaling) return frequency;
    const slowed = Math.fround(frequency / scaling.factor);
    if (scaling.kind === 'linear') return slowed;
    // Slow turns are slowed, fast ones left, those between interpolated.
    const { lowFrequencyFactor: low, highFrequencyFactor: high } = scaling;
    const turns = (scaling.originalContextLength * frequency) / (2 * Math.PI);
    const share = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return Math.fround((1 - share) * slowed + share * frequency);
  });
}

/**
 * The angles of positions below `length`; Angles of padding, channels D to `paddedWidth` of each head, are 0. Half of the
 * padding stands behind each half of a head.
 */
export function rotaryAngles(
  rotary: RotaryPositions,
  headWidth: number,
  length: number,
  paddedWidth: number = headWidth,
): Angles {
  const half = paddedWidth / 2;
  const frequencies = rotaryFrequencies(rotary, headWidth);
  const angles = Array.from({ length: length * half }, (_, index) =>
    Math.fround(Math.floor(index / half) * (frequencies[index % half] ?? 0)),
  );
  const table = (value: (angle: number) => number) => constant(angles.map(value), [length, half]);
  return { cosines: table(Math.cos), sines: table(Math.sin) };
}
