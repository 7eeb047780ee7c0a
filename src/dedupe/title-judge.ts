import { usageError } from '../common/errors.js';
import type { CopyRules, RatedText, RejectionReason, TextJudgement } from '../common/judgement.js';
import type { WorkContext } from '../common/progress.js';
import {
  type ArgumentCheck,
  type ArgumentRules,
  checkArguments,
  isFunction,
  isTexts,
} from '../options/call-arguments.js';
import { formatValue } from '../options/option-values.js';
import { reviewOptions } from '../options/table/run.js';
import { type BaseTitles, baseRules, isBaseTitles } from './base-titles.js';
import {
  type Comparison,
  closest,
  compareText,
  compareTexts,
  createTitleIndex,
  type TitleIndex,
} from './comparison.js';
import { type CopyEvidence, findCopy } from './copies.js';
import { chooseRules, defaultThreshold, lowestThreshold } from './copy-rules.js';
import { comparisonKey } from './fold.js';
import type { Tokenize } from './token-runs.js';

export interface JudgeOptions {
  /**
   * Rating from which a text is a near copy: above 0, at most 1; `auto`: chosen by the held-out titles.
   */
  readonly threshold?: number | 'auto';
  /** Titles held out of training: the baseline for the rules. */
  readonly heldOut?: readonly string[];
  /** Cuts texts into the tokens that runs are counted in; words by default. */
  readonly tokenize?: Tokenize;
  /** Rules chosen before for the same titles, which saves comparing the held-out titles. */
  readonly rules?: CopyRules | undefined;
  /** What the base model was trained on, for texts of a model that descends from it: `decodeBaseTitles`. */
  readonly baseTitles?: BaseTitles | undefined;
  /** Base copies are told apart, but not refused. */
  readonly keepBaseCopies?: boolean;
  /** Invented titles that training planted among its own: a copy of one is refused. */
  readonly canaries?: readonly string[];
}

/** A number, whose range is checked where it is used, or `auto`. */
export const thresholdRule: ArgumentCheck = {
  accepts: (value) => typeof value === 'number' || value === 'auto',
  fault: 'is neither auto nor a number above 0 and at most 1',
};

const judgeArguments: ArgumentRules = {
  threshold: thresholdRule,
  heldOut: isTexts,
  tokenize: isFunction,
  rules: { accepts: (value) => typeof value === 'object' && value !== null, fault: 'are no rules' },
  baseTitles: isBaseTitles,
  keepBaseCopies: reviewOptions.keepBaseCopies,
  canaries: isTexts,
};

/**
 * A judge by the rules given, or else by those that dedupe (./dedupe.ts) would choose for the same titles.
 * @param titles the training titles.
 * @throws TitlesmithError `no-titles` without titles, `threshold` for a threshold outside (0, 1];
 * InterruptedError.
 */
export async function createTitleJudge(
  titles: readonly string[],
  options: JudgeOptions = {},
  context: Partial<WorkContext> = {},
): Promise<TitleJudge> {
  const checked = checkArguments('createTitleJudge', options, judgeArguments);
  const { threshold = defaultThreshold, heldOut = [], tokenize, rules, baseTitles, keepBaseCopies } = checked;
  const index = createTitleIndex(titles, tokenize);
  const { canaries } = checked;
  const others = { heldOut, baseTitles, canaries: canaryIndex(canaries, tokenize) };
  const added = baseTitles && baseRules(baseTitles, keepBaseCopies);
  if (rules) return new TitleJudge(index, { ...added, ...rules }, others);
  const baseline = await compareTexts(
    heldOut,
    index,
    'Comparing the held-out titles',
    context,
    lowestThreshold,
  );
  return new TitleJudge(index, { ...chooseRules(baseline, threshold), ...added }, others);
}

/** An index of canaries; undefined for none. @param tokenize as for `createTitleIndex`. */
export function canaryIndex(canaries: readonly string[] = [], tokenize?: Tokenize): TitleIndex | undefined {
  return canaries.length === 0 ? undefined : createTitleIndex(canaries, tokenize);
}

/** What texts are told apart from, besides the training titles. */
interface OtherTitles {
  /** Titles held out of training: a text that says the same as one of them is not new. */
  readonly heldOut: readonly string[];
  /** What the base model was trained on, for texts of a model that descends from it. */
  readonly baseTitles?: BaseTitles | undefined;
  /** As {@link canaryIndex} makes it. */
  readonly canaries?: TitleIndex | undefined;
}

/** Judges texts one by one, by rules chosen once. */
export class TitleJudge {
  private readonly unseen: ReadonlySet<string>;
  private readonly baseTitles: BaseTitles | undefined;
  private readonly canaries: TitleIndex | undefined;

  constructor(
    private readonly index: TitleIndex,
    readonly rules: CopyRules,
    { heldOut, baseTitles, canaries }: OtherTitles,
  ) {
    this.unseen = new Set(heldOut.map(comparisonKey));
    this.baseTitles = baseTitles;
    this.canaries = canaries;
  }

  /** Judges a text, white space around it removed. */
  judge(text: string): TextJudgement {
    if (typeof text !== 'string') throw usageError(`judge: text got ${formatValue(text)}, which is no text.`);
    return this.judgeCompared(compareText(text.trim(), this.index));
  }

  /** Whether {@link judge} calls a text a copy, and why it refuses it: in half the time, as no title is looked for that is less like it. */
  refuse(text: string): Pick<TextJudgement, 'copied' | 'reason'> {
    const comparison = compareText(text.trim(), this.index, this.rules.threshold);
    const copy = this.copyOf(comparison);
    const reason = this.rejection(comparison.text, copy, this.baseTitles?.has(comparison.text))?.reason;
    return { copied: copy !== undefined, reason };
  }

  /** As {@link judge}, for a text that is compared with the training titles already. */
  judgeCompared(comparison: Comparison): TextJudgement {
    const { text } = comparison;
    const copy = this.copyOf(comparison);
    const inBase = this.baseTitles?.has(text);
    const rejection = this.rejection(text, copy, inBase);
    const best = closest(comparison);
    return {
      text,
      reason: rejection?.reason,
      rating: rejection?.rating ?? best.rating,
      matched: rejection?.matched ?? best.matched,
      evidence: rejection?.evidence,
      second: rejection?.second,
      closestRating: best.rating,
      copied: copy !== undefined,
      copy: copy?.reason,
      closestCosine: comparison.meaning?.cosine,
      inBase,
    };
  }

  /** Share of `texts` that are copies, from 0 to 1; 0 for no texts. */
  copyShare(texts: readonly string[]): number {
    if (texts.length === 0) return 0;
    return texts.filter((text) => this.judge(text).copied).length / texts.length;
  }

  /** A compared title as the overfit statistics see it. */
  rate(comparison: Comparison): RatedText {
    const { rating, matched } = closest(comparison);
    const copy = this.copyOf(comparison)?.reason;
    const { text, meaning } = comparison;
    const inBase = this.baseTitles?.has(text);
    const closestCosine = meaning?.cosine;
    return { text, closestRating: rating, matched, copied: copy !== undefined, copy, closestCosine, inBase };
  }

  private copyOf(comparison: Comparison): CopyEvidence | undefined {
    return findCopy(comparison, this.rules, this.index.titles);
  }

  private rejection(
    text: string,
    copy: CopyEvidence | undefined,
    inBase: boolean | undefined,
  ): TextRejection | undefined {
    if (nothingVisible.test(text)) return { reason: 'blank' };
    const broken = brokenCharacter.exec(text)?.[0];
    if (broken !== undefined) return { reason: 'broken text', evidence: `holds ${codePoint(broken)}` };
    if (copy) return copy;
    if (this.unseen.has(comparisonKey(text)))
      return { reason: 'held-out title', evidence: 'stands in the titles held out of training' };
    const canary = this.canaryIn(text);
    if (canary) return canary;
    if (!inBase || this.rules.baseCopies !== 'refused') return undefined;
    return { reason: 'base copy', evidence: 'stands in the titles that the base model was trained on' };
  }

  /** Whether a text is a copy of a canary, by the rules for copies of titles. */
  private canaryIn(text: string): TextRejection | undefined {
    if (!this.canaries) return undefined;
    const copy = findCopy(compareText(text, this.canaries), this.rules, this.canaries.titles);
    if (!copy) return undefined;
    const evidence = `${copy.reason} of an invented title that was planted in training`;
    return { reason: 'canary', rating: copy.rating, matched: copy.matched, evidence };
  }
}

type TextRejection = Partial<Omit<CopyEvidence, 'reason'>> & { readonly reason: RejectionReason };

const nothingVisible = /^[\s\p{Cc}\p{Cf}]*$/u;
const brokenCharacter = /[\p{Cc}\p{Cs}\u2028\u2029\ufffd]/u;

function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}
