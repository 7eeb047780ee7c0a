import type { CopyRules } from '../common/judgement.js';
import type { Comparison } from './comparison.js';
import { findCopy } from './copies.js';
import { wilsonShare } from './verdict/proportions.js';

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
 * Decides from which cosine on a text is a paraphrase: the one that is given, or with `auto` the lowest, in steps of 0.01, at
 * which at most 1% of the held-out titles would be refused as paraphrases, beyond those that the literal rules refuse.
 * @param heldOut held-out titles, compared with the training titles by letters and by meaning.
 * @param literal the rules for all other kinds of copies.
 * @param model describes the sentence model.
 */
export function chooseMeaningRules(
  heldOut: readonly Comparison[],
  literal: CopyRules,
  titles: readonly string[],
  model: string,
  given: number | 'auto' = 'auto',
): MeaningRules {
  const total = heldOut.length;
  const chosen = (minimumCosine: number, why: string): MeaningRules => ({
    minimumCosine,
    sentenceModel: model,
    meaningReason: `Paraphrases count from a cosine of ${shown(minimumCosine)} on, by ${model}: ${why}.`,
  });
  if (given === 'auto' && total < fewestHeldOut) {
    return chosen(
      defaultCosine,
      `${total} held-out titles are too few to choose it by; ${fewestHeldOut} are needed`,
    );
  }
  const cosines = heldOut
    .filter((title) => !findCopy(title, literal, titles))
    .map(({ meaning }) => meaning?.cosine ?? 0);
  const refusedFrom = (minimum: number): number => cosines.filter((cosine) => cosine >= minimum).length;
  if (given !== 'auto') return chosen(given, `that was given${shareRefused(refusedFrom(given), total)}`);
  for (let hundredths = bounds.lowest; hundredths <= bounds.highest; hundredths++) {
    const refused = refusedFrom(hundredths / 100);
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

/** To hundredths, or as many digits as it was given with. */
const shown = (cosine: number): string =>
  cosine.toFixed(2).length > `${cosine}`.length ? cosine.toFixed(2) : `${cosine}`;

/** What a given cosine does to titles that no model wrote, with the 95% interval of that share. */
function shareRefused(refused: number, total: number): string {
  if (total === 0) return '; there are no held-out titles to say what it would refuse of them';
  const { low, high } = wilsonShare(refused, total);
  const percent = (share: number): string => (100 * share).toFixed(1);
  return (
    `; of the held-out titles it would refuse ${refused} of ${total} = ${percent(refused / total)}% ` +
    `(95% interval ${percent(low)} to ${percent(high)}), besides those that other rules refuse`
  );
}
