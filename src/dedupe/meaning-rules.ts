import type { CopyRules } from '../common/judgement.js';
import type { Comparison } from './comparison.js';
import { findCopy } from './copies.js';
import { candidateCosine } from './likeness.js';
import type { ClosestMeaning, SentenceEmbedder } from './meaning.js';
import { wilsonShare } from './verdict/proportions.js';

type MeaningRules = Required<Pick<CopyRules, 'minimumCosine' | 'sentenceModel' | 'meaningReason'>> &
  Pick<CopyRules, 'minimumLikeness'>;

/** From where to where a threshold is chosen, in hundredths. */
interface Bounds {
  readonly lowest: number;
  readonly highest: number;
}
/** Below, sentences merely share a subject; at the highest, they differ by little more than a word. */
const cosineBounds: Bounds = { lowest: 70, highest: 98 };
/** Of log odds: at the lowest a text is as likely to say something else as what the title says. */
const likenessBounds: Bounds = { lowest: 0, highest: 1000 };
/** Taken where there are too few held-out titles to choose by. */
const defaultCosine = 0.9;
const fewestHeldOut = 100;
const refusedShare = 0.01;

/**
 * Decides from where on a text is a paraphrase: the cosine that is given, or with `auto` the lowest threshold, in steps of
 * 0.01, at which at most 1% of the held-out titles would be refused as paraphrases, beyond those that the literal rules refuse.
 * It is one of likeness, where the model reads tokens (./likeness.ts), else of the cosine.
 * @param heldOut held-out titles, compared with the training titles by letters and by meaning.
 * @param literal the rules for all other kinds of copies.
 */
export function chooseMeaningRules(
  heldOut: readonly Comparison[],
  literal: CopyRules,
  titles: readonly string[],
  { description: model, tokens }: Pick<SentenceEmbedder, 'description' | 'tokens'>,
  given: number | 'auto' = 'auto',
): MeaningRules {
  const total = heldOut.length;
  const byCosine = (minimumCosine: number, why: string): MeaningRules => ({
    minimumCosine,
    sentenceModel: model,
    meaningReason: `Paraphrases count from a cosine of ${shown(minimumCosine)} on, by ${model}: ${why}.`,
  });
  if (given === 'auto' && total < fewestHeldOut) {
    return byCosine(
      defaultCosine,
      `${total} held-out titles are too few to choose it by; ${fewestHeldOut} are needed`,
    );
  }
  const meanings = heldOut
    .filter((title) => !findCopy(title, literal, titles))
    .map(({ meaning }): Partial<ClosestMeaning> => meaning ?? {});
  const cosines = meanings.map(({ cosine = 0 }) => cosine);
  if (given !== 'auto') {
    const refused = cosines.filter((cosine) => cosine >= given).length;
    return byCosine(given, `that was given${shareRefused(refused, total)}`);
  }
  if (!tokens) {
    const { threshold, why } = lowestThreshold(cosines, total, cosineBounds);
    return byCosine(threshold, why);
  }
  const likenesses = meanings.map(({ likeness = Number.NEGATIVE_INFINITY }) => likeness);
  const { threshold, why } = lowestThreshold(likenesses, total, likenessBounds);
  return {
    minimumCosine: candidateCosine,
    minimumLikeness: threshold,
    sentenceModel: model,
    meaningReason:
      `Paraphrases count from a likeness of ${threshold.toFixed(2)} on to a title whose cosine is ${candidateCosine} or more, ` +
      `by ${model}: ${why}.`,
  };
}

/**
 * @param scores of the held-out titles that other rules do not refuse.
 * @param total of the held-out titles.
 */
function lowestThreshold(
  scores: readonly number[],
  total: number,
  { lowest, highest }: Bounds,
): { threshold: number; why: string } {
  for (let hundredths = lowest; hundredths <= highest; hundredths++) {
    const threshold = hundredths / 100;
    const refused = scores.filter((score) => score >= threshold).length;
    if (refused > refusedShare * total && hundredths < highest) continue;
    const those = `${refused} of ${total}, besides those that other rules refuse`;
    if (refused > refusedShare * total)
      return {
        threshold,
        why: `the highest that is taken, though it would refuse ${those}: these titles are very alike`,
      };
    const why =
      hundredths === lowest
        ? `the lowest that is taken; of the held-out titles it would refuse ${those}`
        : `the lowest that would refuse at most 1% of the held-out titles (${those})`;
    return { threshold, why };
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
