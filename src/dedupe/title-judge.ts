import { closest, compareText, compareTexts, createTitleIndex } from './compare.js';
import { findCopy } from './copies.js';
import { type ChosenRules, chooseRules, defaultThreshold } from './copy-rules.js';
import { type DedupeOptions, foldedSet, type RejectionReason, refusal } from './dedupe.js';
import type { Tokenize } from './token-runs.js';

/** What is found of one text, other outputs apart. Plain data, so that it crosses threads. */
export interface TextJudgement {
  /** Why {@link dedupe} would refuse it; undefined where it would not. */
  readonly reason: RejectionReason | undefined;
  /** What shows the reason, one sentence. */
  readonly evidence: string | undefined;
  /** Rating with `matched`, from 0 to 1. */
  readonly rating: number;
  /** The training title that shows the reason; without one, the title most like the text. */
  readonly matched: string | undefined;
  /** The other training title of a glued copy. */
  readonly second: string | undefined;
}

/** Judges texts one by one as they are written. */
export interface TitleJudge {
  readonly rules: ChosenRules;
  judge(text: string): TextJudgement;
}

/**
 * A judge by the rules that {@link dedupe} would choose for the same titles.
 * @throws TitlesmithError as {@link dedupe}.
 */
export async function createTitleJudge(
  titles: readonly string[],
  options: DedupeOptions & { readonly tokenize?: Tokenize } = {},
): Promise<TitleJudge> {
  const { threshold = defaultThreshold, heldOut = [], tokenize } = options;
  const index = createTitleIndex(titles, tokenize);
  const rules = chooseRules(await compareTexts(heldOut, index, 'Comparing the held-out titles'), threshold);
  const unseen = foldedSet(heldOut);
  return {
    rules,
    judge: (output) => {
      const text = output.trim();
      const comparison = compareText(text, index);
      const found = refusal(text, findCopy(comparison, rules, titles), unseen);
      const best = closest(comparison);
      return {
        reason: found?.reason,
        evidence: found?.evidence,
        rating: found?.rating ?? best.rating,
        matched: found?.matched ?? best.matched,
        second: found?.second,
      };
    },
  };
}
