import { TitlesmithError } from '../common/errors.js';
import { silentContext, type WorkContext } from '../common/progress.js';
import { withoutWhiteSpace } from './bigram-features.js';
import { type RatedText, rateTexts } from './rate.js';
import { createSimilarityIndex, type SimilarityIndex } from './similarity-index.js';

/** What the verdict needs of a generated text. */
export interface GeneratedOutput {
  readonly index: number;
  readonly text: string;
}

/**
 * Why an output is refused, in the order the reasons are tried; the first that holds is named.
 * - `blank`: nothing a reader could see.
 * - `broken text`: a line break or other control character, half a surrogate pair, or U+FFFD from bytes that
 *   are no UTF-8.
 * - `exact copy`: a training title, white space apart.
 * - `near copy`: rated at or above the threshold with a training title.
 * - `repeat`: an earlier output that is kept, white space apart.
 */
export const rejectionReasons = ['blank', 'broken text', 'exact copy', 'near copy', 'repeat'] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** What became of one output. `reason` is undefined for an accepted one. */
export interface Verdict extends RatedText {
  /** The output's own index. */
  readonly index: number;
  /** The output without white space around it. */
  readonly text: string;
  readonly reason: RejectionReason | undefined;
  /** The earlier, accepted output that this one repeats. */
  readonly repeats: string | undefined;
}

export interface DedupeOptions {
  /** Outputs with this rating or a higher one are near copies: above 0, at most 1. */
  readonly threshold?: number;
}

export const defaultThreshold = 0.8;

const nothingVisible = /^[\s\p{Cc}\p{Cf}]*$/u;
const brokenCharacter = /[\p{Cc}\p{Cs}\u2028\u2029\ufffd]/u;

/**
 * Judges each output against all training titles and against the outputs before it.
 * @param titles the training titles, or an index of them that is at hand already.
 * @returns one verdict an output, in the same order.
 * @throws TitlesmithError `no-titles` without titles, `threshold` for a threshold outside (0, 1];
 * InterruptedError.
 */
export async function dedupe(
  outputs: readonly GeneratedOutput[],
  titles: readonly string[] | SimilarityIndex,
  options: DedupeOptions = {},
  context: WorkContext = silentContext,
): Promise<Verdict[]> {
  const threshold = options.threshold ?? defaultThreshold;
  if (!(threshold > 0 && threshold <= 1)) {
    throw new TitlesmithError(`The similarity threshold is ${threshold}.`, {
      code: 'threshold',
      hint: 'Give a number above 0 and at most 1.',
    });
  }
  const index = 'best' in titles ? titles : createSimilarityIndex(titles);
  const texts = outputs.map((output) => output.text.trim());
  const rated = await rateTexts(texts, index, 'Comparing with the training titles', context);
  const kept = new Map<string, string>();
  return rated.map((text, position) => {
    const normalForm = withoutWhiteSpace(text.text);
    const copied = exactlyCopied(text, index);
    const repeats = kept.get(normalForm);
    let reason = textReason(text.text);
    if (reason === undefined && copied !== undefined) reason = 'exact copy';
    if (reason === undefined && text.rating >= threshold) reason = 'near copy';
    if (reason === undefined && repeats !== undefined) reason = 'repeat';
    if (reason === undefined) kept.set(normalForm, text.text);
    return {
      index: outputs[position]!.index,
      text: text.text,
      rating: text.rating,
      matched: copied ?? text.matched,
      reason,
      repeats: reason === 'repeat' ? repeats : undefined,
    };
  });
}

function textReason(text: string): RejectionReason | undefined {
  if (nothingVisible.test(text)) return 'blank';
  return brokenCharacter.test(text) ? 'broken text' : undefined;
}

/**
 * The training title that `text` equals, white space apart. A rating of 1 alone is no proof: "aab aba" and
 * "aba aab" have the same bigrams.
 */
function exactlyCopied({ text, rating }: RatedText, index: SimilarityIndex): string | undefined {
  if (rating < 1) return undefined;
  const normalForm = withoutWhiteSpace(text);
  const alike = index.atLeast(text, 1).map((match) => index.titles[match.index]!);
  return alike.find((title) => withoutWhiteSpace(title) === normalForm);
}

/** How many outputs were accepted, and how many refused for each reason that occurred. */
export function countVerdicts(verdicts: readonly Verdict[]): {
  accepted: number;
  rejected: number;
  rejectedByReason: Partial<Record<RejectionReason, number>>;
} {
  const rejectedByReason: Partial<Record<RejectionReason, number>> = {};
  for (const reason of rejectionReasons) {
    const count = verdicts.filter((verdict) => verdict.reason === reason).length;
    if (count > 0) rejectedByReason[reason] = count;
  }
  const accepted = verdicts.filter((verdict) => verdict.reason === undefined).length;
  return { accepted, rejected: verdicts.length - accepted, rejectedByReason };
}
