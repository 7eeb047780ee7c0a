import type { CopyRules } from '../common/judgement.js';
import { formatCount } from '../common/number-formats.js';
import { type ArgumentCheck, hasMethod } from '../options/call-arguments.js';
import { FingerprintSet } from './fingerprint-set.js';
import { bareLetters, titleFingerprint } from './title-fingerprint.js';

/** The titles that titlesmith's base model was trained on: they can be asked for, but not listed. */
export interface BaseTitles {
  /** Number of different titles. */
  readonly size: number;
  /** At most this share of other titles is taken for one of them, from 0 to 1. */
  readonly falsePositiveRate: number;
  /**
   * Whether a title is one of them, its letters and digits compared, whatever their case. Never true of a text without
   * letters and digits.
   */
  has(title: string): boolean;
}

/**
 * @param bytes as `readBaseFingerprints` reads them; decoded they take 17 MB.
 * @throws TitlesmithError `fingerprints-damaged` when they are no set of fingerprints.
 */
export function decodeBaseTitles(bytes: Uint8Array): BaseTitles {
  const set = FingerprintSet.decode(bytes, "The file of the base model's fingerprints");
  return {
    size: set.size,
    falsePositiveRate: set.falsePositiveRate,
    has: (title) => bareLetters(title) !== '' && set.has(titleFingerprint(title)),
  };
}

export const isBaseTitles: ArgumentCheck = hasMethod(
  'has',
  'set of base titles, as decodeBaseTitles returns it',
);

/** What is done about base copies, in rules. */
export function baseRules(
  { size, falsePositiveRate }: BaseTitles,
  keep = false,
): Pick<CopyRules, 'baseCopies' | 'baseReason'> {
  const isDone = keep ? 'told apart, but kept, as asked for' : 'refused as base copies';
  const chance = formatCount(Math.round(1 / falsePositiveRate));
  const baseReason =
    `The model began as titlesmith's base model: texts among the ${formatCount(size)} different titles that the base model ` +
    `was trained on are ${isDone}. Letters and digits are compared; at most one other text in ${chance} is ` +
    'taken for one of these titles by mistake.';
  return { baseCopies: keep ? 'kept' : 'refused', baseReason };
}
