import { TitlesmithError } from '../../common/errors.js';
import type { MixedPrecision } from '../../options/choices.js';
import type { Engine } from './engine.js';
import { float16Shortage, requireEngineFloat16 } from './float16.js';

/** The first compute capabilities with matrix units: for float16 Volta, for TF32 Ampere (CUDA C Programming Guide, table 22). */
const [firstWithFloat16, firstWithTf32] = [7, 8];

/** What a precision of training depends on. */
interface Facts {
  /** See {@link Engine.computeCapability}. */
  readonly computeCapability?: number | undefined;
  readonly float16Shortage?: string | undefined;
}

/** 7.5, 8.0 */
const formatCapability = (capability: number): string => capability.toFixed(1);

/**
 * The precision of training that an NVIDIA card is made for: float16 where it has matrix units for it, else float32. The
 * units multiply bfloat16 no faster, and its significand has three bits less; what it has, float32's range, the loss's
 * scale makes unnecessary.
 * @returns the choice, and why, for people.
 */
export function precisionOfCard({ computeCapability, float16Shortage: shortage }: Facts): {
  readonly choice: MixedPrecision;
  readonly reason: string;
} {
  if (computeCapability === undefined) {
    return { choice: 'off', reason: "CUDA's driver does not say whether the card has matrix units" };
  }
  const card = `compute capability ${formatCapability(computeCapability)}`;
  if (computeCapability < firstWithFloat16)
    return { choice: 'off', reason: `${card} has no matrix units for float16` };
  if (shortage !== undefined) return { choice: 'off', reason: `${card}, but ${shortage}` };
  return { choice: 'float16', reason: `${card} has matrix units for it` };
}

/**
 * @param feature what needs TF32, for the message. @param device `onnxruntime cuda`.
 * @throws TitlesmithError saying why a device does not multiply in TF32.
 */
export function requireTf32(
  feature: string,
  device: string,
  { computeCapability }: Pick<Facts, 'computeCapability'>,
): void {
  if (computeCapability !== undefined && computeCapability >= firstWithTf32) return;
  const why =
    computeCapability === undefined
      ? "only NVIDIA's cards have it, by cuda"
      : `its compute capability is ${formatCapability(computeCapability)}, and TF32 came with ${formatCapability(firstWithTf32)}`;
  throw new TitlesmithError(`${feature} is not available on ${device}: ${why}.`, {
    code: 'tf32-unavailable',
    hint: 'Leave the flag out, and the run takes what the device is made for.',
  });
}

/**
 * The precision of training on an open engine.
 * @param asked undefined: `auto`.
 * @throws TitlesmithError when the engine does not have the one that is named.
 */
export async function enginePrecision(
  engine: Engine,
  asked: MixedPrecision | 'auto' | undefined,
): Promise<MixedPrecision> {
  const { computeCapability } = engine;
  if (asked === 'float16') await requireEngineFloat16(engine, 'mixedPrecision float16');
  if (asked === 'tf32') requireTf32('mixedPrecision tf32', engine.name, engine);
  if (asked !== undefined && asked !== 'auto') return asked;
  if (computeCapability === undefined) return 'off';
  return precisionOfCard({ computeCapability, float16Shortage: await float16Shortage(engine) }).choice;
}
