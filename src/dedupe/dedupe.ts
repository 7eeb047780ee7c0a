import { silentContext, type WorkContext } from '../common/progress.js';
import { type Comparison, closest, compareTexts, createTitleIndex, type TitleIndex } from './compare.js';
import { type CopyEvidence, copyReasons, findCopy } from './copies.js';
import { type ChosenRules, chooseRules, defaultThreshold } from './copy-rules.js';
import { foldText } from './fold.js';
import { findRepeats, type Repeat } from './repeats.js';

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
 * - the ways of being a copy (./copies.ts).
 * - `held-out title`: a title kept from the model, case, punctuation, accents and width apart: not new
 *   either.
 * - `accepted before`: the same as, or rated at or above the threshold with, a title of {@link DedupeOptions.earlier}.
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

/** What became of one output. `reason` is undefined for an accepted one. */
export interface Verdict {
  /** The output's own index. */
  readonly index: number;
  /** The output without white space around it. */
  readonly text: string;
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
  /** The earlier, accepted output that this one repeats. */
  readonly repeats: string | undefined;
}

/** Verdicts on outputs, and what held-out titles show by the same rules. */
export interface Judgement {
  readonly rules: ChosenRules;
  readonly verdicts: readonly Verdict[];
  readonly outputs: readonly JudgedText[];
  readonly heldOut: readonly JudgedText[];
}

/** A text as the overfit statistics see it. */
export interface JudgedText {
  readonly text: string;
  /** The highest rating with a training title, as written or folded. */
  readonly rating: number;
  readonly matched: string | undefined;
  /** Whether it is a copy of training titles, in any of the ways. */
  readonly copied: boolean;
}

export interface DedupeOptions {
  /**
   * Outputs with this rating or a higher one are near copies: above 0, at most 1; or chosen by the held-out
   * titles.
   */
  readonly threshold?: number | 'auto';
  /** Titles kept from the model: what outputs are measured against. */
  readonly heldOut?: readonly string[];
  /** Titles accepted before these outputs: what says the same again is no longer new. */
  readonly earlier?: readonly string[];
}

const nothingVisible = /^[\s\p{Cc}\p{Cf}]*$/u;
const brokenCharacter = /[\p{Cc}\p{Cs}\u2028\u2029\ufffd]/u;

/**
 * Judges each output against all training titles and against the outputs before it.
 * @param titles the training titles, or an index of them that is at hand already.
 * @returns one verdict an output, in the same order, with the rules they follow.
 * @throws TitlesmithError `no-titles` without titles, `threshold` for a threshold outside (0, 1];
 * InterruptedError.
 */
export async function dedupe(
  outputs: readonly GeneratedOutput[],
  titles: readonly string[] | TitleIndex,
  options: DedupeOptions = {},
  context: WorkContext = silentContext,
): Promise<Judgement> {
  const { threshold = defaultThreshold, heldOut = [], earlier = [] } = options;
  const index = 'runs' in titles ? titles : createTitleIndex(titles);
  const baseline = await compareTexts(heldOut, index, 'Comparing the held-out titles', context);
  const rules = chooseRules(baseline, threshold);
  const texts = outputs.map((output) => output.text.trim());
  const compared = await compareTexts(texts, index, 'Comparing with the training titles', context);
  const copies = compared.map((comparison) => findCopy(comparison, rules, index.titles));

  const unseen = foldedSet(heldOut);
  const refusals = compared.map(({ text }, position) => refusal(text, copies[position], unseen));
  // Titles accepted before lead the outputs, as earlier outputs lead later ones.
  const all = [...earlier, ...texts];
  const isKept = (position: number): boolean => refusals[position - earlier.length] === undefined;
  const repeats = findRepeats(all, rules.threshold, isKept).slice(earlier.length);
  return {
    rules,
    verdicts: compared.map((comparison, position) => {
      const found = refusals[position] ?? repeated(all, repeats[position], earlier.length);
      return verdict(outputs[position]!.index, comparison, found);
    }),
    outputs: compared.map((comparison, position) => judged(comparison, copies[position])),
    heldOut: baseline.map((title) => judged(title, findCopy(title, rules, index.titles))),
  };
}

export type Refusal = Partial<Omit<CopyEvidence, 'reason'>> & {
  readonly reason: RejectionReason;
  readonly repeats?: string;
};

function comparable(text: string): string {
  return foldText(text) || text;
}

/** Titles by what {@link refusal} looks for: case, punctuation, accents and width apart. */
export function foldedSet(titles: readonly string[]): ReadonlySet<string> {
  return new Set(titles.map(comparable));
}

/**
 * Why an output is refused by itself, other outputs apart; undefined where it is not.
 * @param copy what {@link findCopy} says of it. @param unseen the held-out titles, by {@link foldedSet}.
 */
export function refusal(
  text: string,
  copy: CopyEvidence | undefined,
  unseen: ReadonlySet<string>,
): Refusal | undefined {
  if (nothingVisible.test(text)) return { reason: 'blank' };
  const broken = brokenCharacter.exec(text)?.[0];
  if (broken !== undefined) return { reason: 'broken text', evidence: `holds ${codePoint(broken)}` };
  if (copy) return copy;
  if (!unseen.has(comparable(text))) return undefined;
  return { reason: 'held-out title', evidence: 'stands in the titles held out of training' };
}

function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** @param earlier how many of the texts were accepted before. */
function repeated(
  texts: readonly string[],
  repeat: Repeat | undefined,
  earlier: number,
): Refusal | undefined {
  if (!repeat) return undefined;
  const repeats = texts[repeat.of]!;
  const rated = `rated ${repeat.rating.toFixed(3)} with`;
  if (repeat.of < earlier) {
    const evidence = repeat.equal ? 'the same was accepted before' : `${rated} a title accepted before`;
    return { reason: 'accepted before', evidence, repeats };
  }
  return repeat.equal
    ? { reason: 'repeat', evidence: 'an earlier output says the same', repeats }
    : { reason: 'near repeat', evidence: `${rated} an earlier output`, repeats };
}

function verdict(index: number, comparison: Comparison, found: Refusal | undefined): Verdict {
  const best = closest(comparison);
  return {
    index,
    text: comparison.text,
    reason: found?.reason,
    rating: found?.rating ?? best.rating,
    matched: found?.matched ?? best.matched,
    evidence: found?.evidence,
    second: found?.second,
    repeats: found?.repeats,
  };
}

function judged(comparison: Comparison, copy: CopyEvidence | undefined): JudgedText {
  return { text: comparison.text, ...closest(comparison), copied: copy !== undefined };
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
