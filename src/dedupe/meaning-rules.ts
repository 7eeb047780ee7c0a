import type { CopyRules } from '../common/judgement.js';
import type { Comparison } from './comparison.js';
import { findCopy } from './copies.js';

type MeaningRules = Required<Pick<CopyRules, 'minimumCosine' | 'sentenceModel' | 'meaningReason'>>;

/**
 * Bounds of the choice, in hundredths: below, sentences merely share a subject; at the highest, they differ by little more
 * than a word.
 */
const bounds = { lowest: 70, highest: 98 };
/** Taken where there are too few held-out titles to choose by. */
const defaultCosine = 0.9;
const fewestHeldOut = 100;
const refusedShare = 0.01;

/**
 * Decides from which cosine on a text is a paraphrase: the lowest, in steps of 0.01, at which at most 1% of the held-out
 * titles would be refused as paraphrases, beyond those that the literal rules refuse.
 * @param heldOut held-out titles, compared with the training titles by letters and by meaning.
 * @param literal the rules for all other kinds of copies.
 * @param model describes the sentence model.
 */
export function chooseMeaningRules(
  heldOut: readonly Comparison[],
  literal: CopyRules,
  titles: readonly string[],
  model: string,
): MeaningRules {
  const total = heldOut.length;
  const chosen = (minimumCosine: number, why: string): MeaningRules => ({
    minimumCosine,
    sentenceModel: model,
    meaningReason: `Paraphrases count from a cosine of ${minimumCosine.toFixed(2)} on, by ${model}: ${why}.`,
  });
  if (total < fewestHeldOut) {
    return chosen(
      defaultCosine,
      `${total} held-out titles are too few to choose it by; ${fewestHeldOut} are needed`,
    );
  }
  const cosines = heldOut
    .filter((title) => !findCopy(title, literal, titles))
    .map(({ meaning }) => meaning?.cosine ?? 0);
  for (let hundredths = bounds.lowest; hundredths <= bounds.highest; hundredths++) {
    const refused = cosines.filter((cosine) => cosine >= hundredths / 100).length;
    if (refused > refusedShare * total && hundredths < bounds.highest) continue;
    const those = `${refused} of ${total}, besides those that other rules refuse`;
    if (refused > refusedShare * total)
      return chosen(
        hundredths / 100,
        `the highest that is taken, though it would refuse ${those}: these titles are very alike`,
      );
    return hundredths === bounds.lowest
      ? chosen(hundredths / 100, `the lowest that is taken; of the held-out titles it would refuse ${those}`)
      : chosen(hundredths / 100, `the lowest that would refuse at most 1% of the held-out titles (${those})`);
  }
  throw new RangeError('the bounds hold no threshold');
}
