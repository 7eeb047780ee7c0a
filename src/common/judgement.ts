/** What dedupe finds out about a run's outputs, as plain data: written to judgement.json, read by report, review and serve. */

/**
 * Ways of being a copy of training titles, in the order they are tried.
 * - `exact copy`: a training title, white space apart.
 * - `near copy`: rated at or above the threshold with a training title.
 * - `disguised copy`: the same with case, punctuation, accents and width set aside.
 * - `partial copy`: nearly all of it is one run of tokens that a training title has.
 * - `glued copy`: nearly all of it is two runs, each from a training title.
 */
const copyReasons = ['exact copy', 'near copy', 'disguised copy', 'partial copy', 'glued copy'] as const;
export type CopyReason = (typeof copyReasons)[number];

/**
 * Why an output is refused, in the order the reasons are tried; the first that holds is named.
 * - `blank`: nothing a reader could see.
 * - `broken text`: a line break or other control character, half a surrogate pair, or U+FFFD from bytes that
 *   are no UTF-8.
 * - the ways of being a copy ({@link copyReasons}).
 * - `held-out title`: a title kept from the model, case, punctuation, accents and width apart: not new
 *   either.
 * - `accepted before`: the same as, or rated at or above the threshold with, a title that was accepted before
 *   these outputs.
 * - `repeat`: an earlier output that is kept says the same; `near repeat`: it rates at or above the
 *   threshold with it.
 */
export const rejectionReasons = [
  'blank',
  'broken text',
  ...copyReasons,
  'held-out title',
  'accepted before',
  'repeat',
  'near repeat',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** From where on a text counts as a copy, and in words why from there. */
export interface CopyRules {
  /** Rating from which a text is a near copy: above 0, at most 1. */
  readonly threshold: number;
  readonly thresholdChoice: 'given' | 'auto';
  /** One sentence. */
  readonly thresholdReason: string;
  /**
   * Tokens a run must have at least to count for a partial or glued copy; undefined: they are not looked
   * for.
   */
  readonly minimumRun: number | undefined;
  /** One sentence. */
  readonly runReason: string;
}

/** A text and the training title that it resembles most. */
export interface RatedText {
  readonly text: string;
  /** The highest rating with a training title, as written or folded, from 0 to 1. */
  readonly closestRating: number;
  /** The training title with that rating; undefined where none shares a pair of characters with the text. */
  readonly matched: string | undefined;
  /** Whether it is a copy of training titles in any of the ways ({@link copyReasons}). */
  readonly copied: boolean;
}

/** What is found of one text by itself, other outputs apart. */
export interface TextJudgement extends RatedText {
  /** Undefined for a text that is not refused. */
  readonly reason: RejectionReason | undefined;
  /**
   * Rating with `matched`: folded for a disguised copy, as written for other copies; without a reason, the
   * higher of the two.
   */
  readonly rating: number;
  /** The training title that shows the reason; without one, the title with that rating. */
  readonly matched: string | undefined;
  /** What shows the reason, one sentence. */
  readonly evidence: string | undefined;
  /** The other training title of a glued copy. */
  readonly second: string | undefined;
}

/** What became of one output. `reason` is undefined for an accepted one. */
export interface Verdict extends TextJudgement {
  /** The output's own index. */
  readonly index: number;
  /** The earlier, accepted output that this one repeats. */
  readonly repeats: string | undefined;
}

/** Verdicts on a run's outputs, and what its held-out titles show by the same rules. */
export interface Judgement {
  readonly rules: CopyRules;
  /** One an output, in the order of the outputs. */
  readonly verdicts: readonly Verdict[];
  /** Titles that the model never saw, rated as the outputs are: the baseline. */
  readonly heldOut: readonly RatedText[];
}

/** A share of a whole with its 95% confidence interval, all from 0 to 1. */
export interface Share {
  readonly count: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** The closest ratings of many texts with the training titles, in a few numbers. */
export interface RatingSummary {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  /** 9 of 10 texts rate at or below this. */
  readonly ninetiethPercentile: number;
  readonly highest: number;
  /** Texts that are copies of training titles in any of the ways ({@link copyReasons}). */
  readonly copies: Share;
}

/**
 * - `overfits`: more copies than real titles have, by at least 5 points beyond chance.
 * - `leans`: more than chance explains, by less.
 * - `healthy`: no more than real titles resemble each other.
 * - `unknown`: too few texts to tell.
 */
export type OverfitVerdict = 'overfits' | 'leans' | 'healthy' | 'unknown';

/** Outputs beside held-out titles that the model never saw, both rated with the training titles. */
export interface OverfitStatistics {
  readonly outputs: RatingSummary;
  readonly heldOut: RatingSummary;
  /**
   * Share of copies among the outputs less that among the held-out titles, with its 95% interval, from -1 to
   * 1.
   */
  readonly excess: { readonly share: number; readonly low: number; readonly high: number };
  readonly verdict: OverfitVerdict;
}
