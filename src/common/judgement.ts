import type { BitsPerByte } from './title-losses.js';

/** Dedupe's findings on a run's outputs, as plain data: written to judgement.json, read by report, review and serve. */

/**
 * Kinds of copies of training titles, in the order they are tried.
 * - `exact copy`: equal to a training title, ignoring white space.
 * - `near copy`: rated at or above the threshold with a training title.
 * - `disguised copy`: the same, ignoring case, punctuation, accents and width.
 * - `partial copy`: nearly all of it is one run of tokens from a training title.
 * - `glued copy`: nearly all of it is two runs, each from a training title.
 * - `paraphrase`: means what a training title means, as a sentence model has it; looked for with `--semantic`.
 */
export const copyReasons = [
  'exact copy',
  'near copy',
  'disguised copy',
  'partial copy',
  'glued copy',
  'paraphrase',
] as const;
export type CopyReason = (typeof copyReasons)[number];

/**
 * Why an output is rejected, in the order the reasons are tried; the first that applies is given.
 * - `blank`: no visible character.
 * - `broken text`: a line break or other control character, a lone surrogate, or U+FFFD from invalid UTF-8.
 * - the kinds of copies ({@link copyReasons}).
 * - `held-out title`: equal to a title held out of training, ignoring case, punctuation, accents and width: not new.
 * - `canary`: a copy, by the same rules, of an invented title that training planted: not what the run's titles taught.
 * - `base copy`: one of the titles that the base model was trained on, letters and digits compared. Not one of
 *   {@link copyReasons}: it says nothing of how the run's own titles were learned.
 * - `accepted before`: equal to, or rated at or above the threshold with, a title accepted before these outputs.
 * - `repeat`: equal to an earlier output that is kept; `near repeat`: rated at or above the threshold with one.
 */
export const rejectionReasons = [
  'blank',
  'broken text',
  ...copyReasons,
  'held-out title',
  'canary',
  'base copy',
  'accepted before',
  'repeat',
  'near repeat',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** From where on a text counts as a copy, and the reasons in words. */
export interface CopyRules {
  /** Rating from which a text is a near copy: above 0, at most 1. */
  readonly threshold: number;
  readonly thresholdChoice: 'given' | 'auto';
  /** One sentence. */
  readonly thresholdReason: string;
  /**
   * Minimum tokens of a run in a partial or glued copy; undefined: these copies are not looked for.
   */
  readonly minimumRun: number | undefined;
  /** One sentence. */
  readonly runReason: string;
  /**
   * Cosine of two texts' vectors from which one is a paraphrase of the other, from 0 to 1; undefined: paraphrases are not
   * looked for.
   */
  readonly minimumCosine?: number;
  /** Log odds of meaning the same, by the tokens, that a paraphrase has too; undefined: the cosine alone decides. */
  readonly minimumLikeness?: number;
  /** The sentence model and what identifies it; where `minimumCosine` is there. */
  readonly sentenceModel?: string;
  /** One sentence; where `minimumCosine` is there. */
  readonly meaningReason?: string;
  /** What is done about base copies; undefined where the model does not descend from the base model. */
  readonly baseCopies?: 'refused' | 'kept';
  /** One sentence; where `baseCopies` is there. */
  readonly baseReason?: string;
}

/** A text and the closest training title. */
export interface RatedText {
  readonly text: string;
  /** The highest rating with a training title, as written or folded, from 0 to 1. */
  readonly closestRating: number;
  /** The training title with that rating; undefined if none shares a pair of characters with the text. */
  readonly matched: string | undefined;
  /** Whether it is a copy of any kind ({@link copyReasons}). */
  readonly copied: boolean;
  /** The first kind that it is; undefined where it is none, and in files of earlier versions. */
  readonly copy?: CopyReason | undefined;
  /** The highest cosine with a training title, from -1 to 1; undefined where paraphrases are not looked for. */
  readonly closestCosine?: number | undefined;
  /**
   * Whether it is one of the titles that the base model was trained on, whatever else it is; undefined where the model does
   * not descend from it.
   */
  readonly inBase?: boolean | undefined;
}

/** The judgement of a single text, independent of other outputs. */
export interface TextJudgement extends RatedText {
  /** Undefined for a text that is not rejected. */
  readonly reason: RejectionReason | undefined;
  /**
   * Rating with `matched`: folded for a disguised copy, as written for other copies; without a reason, the
   * higher of the two.
   */
  readonly rating: number;
  /** The training title, or the canary, that shows the reason; without one, the title with that rating. */
  readonly matched: string | undefined;
  /** The evidence for the reason, one sentence. */
  readonly evidence: string | undefined;
  /** The other training title of a glued copy. */
  readonly second: string | undefined;
}

/** The verdict on one output. `reason` is undefined for an accepted one. */
export interface Verdict extends TextJudgement {
  /** The output's own index. */
  readonly index: number;
  /** The earlier, accepted output that this one repeats. */
  readonly repeats: string | undefined;
  /**
   * What the model said first, where that was turned away and the output drawn again, or another candidate chosen: what it
   * learned by heart is seen from this.
   */
  readonly firstDraw?: (RatedText & Pick<TextJudgement, 'reason'>) | undefined;
}

/** What a model said of itself, before anything was turned away or chosen. */
export function firstDraw(verdict: Verdict): RatedText & Pick<TextJudgement, 'reason'> {
  return verdict.firstDraw ?? verdict;
}

/** Verdicts on a run's outputs, and its held-out titles rated by the same rules. */
export interface Judgement {
  readonly rules: CopyRules;
  /** One per output, in the order of the outputs. */
  readonly verdicts: readonly Verdict[];
  /** Titles that the model never saw, rated as the outputs are: the baseline. */
  readonly heldOut: readonly RatedText[];
  /** Undefined with too few texts, and in files of earlier versions. */
  readonly membership?: MembershipTests | undefined;
  /** Undefined with too few texts, and in files of earlier versions. */
  readonly wordings?: Wordings | undefined;
}

/** Runs of words that outputs, and held-out titles, share with training titles; case, punctuation and accents set aside. */
export interface Wordings {
  /** Texts looked at. */
  readonly outputs: number;
  readonly heldOut: number;
  /** Of the runs of so many words, the share that stands in no training title. */
  readonly novelty: readonly {
    readonly words: number;
    readonly outputs: Estimate;
    readonly heldOut: Estimate;
  }[];
  /** The rarest run of at least three words that a held-out title shares is, of 99 in 100, no rarer than this: bits. */
  readonly rareBits: number;
  /** Texts that share a rarer one. */
  readonly rarer: { readonly outputs: number; readonly heldOut: number };
  /** The rarest that accepted outputs share, at most 20. */
  readonly rarest: readonly SharedWording[];
}

/** A run of words that outputs share with training titles. */
export interface SharedWording {
  readonly wording: string;
  /** −log2 of how likely it is by chance, each word depending on the one before. */
  readonly bits: number;
  readonly titles: number;
  readonly outputs: number;
}

/**
 * What an output owes, on average, to the titles held out of training, and to as many titles drawn at random from all: for a
 * model that learned none by heart the same but for chance.
 */
export interface MembershipTest {
  readonly heldOut: number;
  readonly all: number;
  /** Standard deviation of `all` over the random draws. */
  readonly deviation: number;
  /** One-sided: the chance of owing as little to as many titles drawn at random. */
  readonly p: number;
}

/** Three such tests, and how many texts they saw. */
export interface MembershipTests {
  readonly outputs: number;
  readonly heldOut: number;
  readonly training: number;
  /** The rating of the closest of the titles. */
  readonly closeness: MembershipTest;
  /** 1 where the closest of the titles is closer to the output than to any other title. */
  readonly unauthentic: MembershipTest;
  /** Runs of words that stand in few titles, each counted by the part of these. */
  readonly runs: MembershipTest;
}

/** A share of a whole with its 95% confidence interval, all from 0 to 1. */
export interface Share {
  readonly count: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** Summary of the closest ratings of many texts with the training titles. */
export interface RatingSummary {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  /** 9 of 10 texts rate at or below this. */
  readonly ninetiethPercentile: number;
  readonly highest: number;
  /** Texts that are copies of any kind ({@link copyReasons}). */
  readonly copies: Share;
}

/** The difference of two shares with its 95% interval, from -1 to 1. */
export interface ShareDifference {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** How many of the outputs and of the held-out titles are among the titles that the base model was trained on. */
export interface BaseStatistics {
  readonly outputs: Share & { readonly total: number };
  readonly heldOut: Share & { readonly total: number };
  /** The share among the outputs minus that among the held-out titles. */
  readonly excess: ShareDifference;
}

/**
 * What is measured, each with a test of whether the run's outputs have more of it than a model would that learned no title by
 * heart:
 * - `exact copies`: share of the outputs that are training titles; usual is how often real titles say what another says.
 * - `copies`: share that are copies of any kind; usual is the share among the held-out titles.
 * - `closeness`, `unauthentic outputs`, `shared runs`: {@link MembershipTests}, what outputs owe to titles drawn from all;
 *   usual is what they owe to the held-out ones.
 * - `told apart`: {@link LossFindings.toldApart}; usual is what a model that knows few titles by heart may have at most.
 */
type MeasureName =
  | 'exact copies'
  | 'copies'
  | 'closeness'
  | 'unauthentic outputs'
  | 'shared runs'
  | 'told apart';

export interface Measure {
  readonly name: MeasureName;
  readonly observed: number;
  readonly usual: number;
  /** `observed` less `usual`, with its 95% interval. */
  readonly difference: ShareDifference;
  /** One-sided. */
  readonly p: number;
  /** Corrected for the number of measures (Holm 1979): comparable with the level of the whole verdict. */
  readonly adjustedP: number;
  readonly isSignificant: boolean;
  /** Of copies: the excess that would have been found with a chance of 90%; undefined if none would. */
  readonly detectable?: number | undefined;
}

/**
 * Whether copies are no more frequent among the outputs than among the held-out titles, but for less than a margin: a test of
 * non-inferiority by confidence interval.
 */
export interface NonInferiority {
  readonly margin: number;
  /** With 95% confidence the excess of copies is at most this, from -1 to 1. */
  readonly upper: number;
  readonly holds: boolean;
  /**
   * Outputs with which the test would hold if both shares stayed as they are; undefined where it holds, or no number is
   * enough with these held-out titles.
   */
  readonly outputsNeeded?: number;
  /** Held-out titles, and at least as many outputs, with which it would; where more outputs alone are not enough. */
  readonly heldOutNeeded?: number;
}

/** A number with its 95% interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What the losses of single titles say, in bits a byte of UTF-8, which compares models of different tokenizers. */
export interface LossFindings {
  readonly bits: BitsPerByte;
  /** Titles that these are means of. */
  readonly titles: { readonly heldOut: number; readonly training: number };
  /** By how much the model is better on the held-out titles than each of these. */
  readonly gains: {
    /** How often each token occurs in the training titles. */
    readonly unigram: Estimate;
    /** The two tokens before each. */
    readonly trigram: Estimate;
    /** The model that training began with. */
    readonly start: Estimate;
  };
  /** By how much the training titles are easier than the held-out ones. */
  readonly gap: Estimate;
  /**
   * The chance that of a training title and a held-out one the training title became easier by more, beside what was known
   * without the training: 0.5 if the model knows none. Undefined where an earlier version scored the titles.
   */
  readonly toldApart?: Estimate | undefined;
}

/**
 * - `underfits`: too many outputs are no text, or the model is no better on held-out titles than a plain baseline.
 * - `overfits`: recites: some measure shows more than chance explains, and copies are more frequent than usual by at least 5
 *   points beyond chance.
 * - `leans`: some measure shows more than chance explains.
 * - `healthy`: none does, the model is shown to be better than the baselines, and copies are shown to be no more frequent than among held-out titles, but for less than a margin.
 * - `unknown`: there is not enough to tell.
 */
export type OverfitVerdict = 'underfits' | 'overfits' | 'leans' | 'healthy' | 'unknown';

/** From fewer outputs or held-out titles than this no model is called healthy, and nothing is concluded from a normal approximation. */
export const fewestTexts = 30;

/** Outputs compared with held-out titles that the model never saw, both rated with the training titles. */
export interface OverfitStatistics {
  readonly outputs: RatingSummary;
  readonly heldOut: RatingSummary;
  /** Share of copies among the outputs minus that among the held-out titles. */
  readonly excess: ShareDifference;
  readonly comparison: NonInferiority;
  /** Empty without outputs or held-out titles. With few of either those alone whose test is exact. */
  readonly measures: readonly Measure[];
  /** Undefined where no loss of single titles is known. */
  readonly losses?: LossFindings | undefined;
  readonly verdict: OverfitVerdict;
}
