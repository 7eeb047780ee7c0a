import {
  firstDraw,
  type Judgement,
  type RejectionReason,
  rejectionReasons,
  type TextJudgement,
  type Verdict,
} from '../common/judgement.js';
import type { WorkContext } from '../common/progress.js';
import {
  type ArgumentCheck,
  type ArgumentRules,
  checkArgument,
  checkArguments,
  completeContext,
  hasItems,
  hasMethod,
  isTexts,
} from '../options/call-arguments.js';
import { reviewOptions } from '../options/table/run.js';
import { baseRules, isBaseTitles } from './base-titles.js';
import { type Comparison, compareTexts, createTitleIndex, type TitleIndex } from './comparison.js';
import { chooseRules, defaultThreshold } from './copy-rules.js';
import { addLikeness } from './likeness.js';
import {
  findClosestMeanings,
  isSentenceEmbedder,
  type MeaningSearchStore,
  type SentenceEmbedder,
} from './meaning.js';
import { chooseMeaningRules } from './meaning-rules.js';
import { findRepeats, type Repeat } from './repeats.js';
import { canaryIndex, type JudgeOptions, TitleJudge, thresholdRule } from './title-judge.js';
import { testMembership } from './verdict/membership.js';
import { compareWordings } from './verdict/wordings.js';

/** A generated text to judge. */
export interface GeneratedOutput {
  readonly index: number;
  readonly text: string;
  /** What was drawn first, where that was turned away, or another was chosen: see `mayStand` and `bestOf` of `GenerationOptions`. */
  readonly firstDraw?: string | undefined;
}

export interface DedupeOptions
  extends Pick<JudgeOptions, 'threshold' | 'heldOut' | 'baseTitles' | 'keepBaseCopies' | 'canaries'> {
  /** Titles accepted before these outputs: repeating one of them is not new. */
  readonly earlier?: readonly string[];
  /** Paraphrases are looked for with it. */
  readonly embedder?: SentenceEmbedder | undefined;
  /** Cosine from which a text is a paraphrase; by default `auto`: see `chooseMeaningRules`. */
  readonly minimumCosine?: number | 'auto' | undefined;
  /** Where that search leaves its state. */
  readonly meaningStore?: MeaningSearchStore | undefined;
}

const areOutputs: ArgumentCheck = {
  accepts: (value) =>
    Array.isArray(value) &&
    value.every((each) => Number.isInteger(each?.index) && typeof each.text === 'string'),
  fault: 'is not a list of { index, text }',
  required: true,
};

const dedupeArguments: ArgumentRules = {
  threshold: thresholdRule,
  heldOut: isTexts,
  earlier: isTexts,
  baseTitles: isBaseTitles,
  keepBaseCopies: reviewOptions.keepBaseCopies,
  canaries: isTexts,
  embedder: isSentenceEmbedder,
  minimumCosine: reviewOptions.semanticThreshold,
  meaningStore: hasMethod('save', 'store of a search'),
};

function isIndex(titles: readonly string[] | TitleIndex): titles is TitleIndex {
  return typeof titles === 'object' && titles !== null && 'runs' in titles;
}

/**
 * Judges each output against all training titles and against the outputs before it.
 * @param titles the training titles, or an existing index of them.
 * @returns one verdict per output, in the same order, the rules, and whether the outputs owe more to titles that were shown.
 * @throws TitlesmithError `usage` for an argument that is unknown or wrong, `no-titles` without titles, `threshold` for a
 *   threshold outside (0, 1];
 * InterruptedError.
 */
export async function dedupe(
  outputs: readonly GeneratedOutput[],
  titles: readonly string[] | TitleIndex,
  options: DedupeOptions = {},
  context: Partial<WorkContext> = {},
): Promise<Judgement> {
  checkArgument('dedupe', 'outputs', outputs, areOutputs);
  const checked = checkArguments('dedupe', options, dedupeArguments);
  const { threshold = defaultThreshold, heldOut = [], earlier = [], baseTitles, keepBaseCopies } = checked;
  const stopping = completeContext<WorkContext>('dedupe', context);
  const { embedder, meaningStore, minimumCosine } = checked;
  const index = isIndex(titles) ? titles : createTitleIndex(titles);
  const texts = outputs.map((output) => output.text.trim());
  const meanings =
    embedder &&
    (await addLikeness(
      await findClosestMeanings([...heldOut, ...texts], index.titles, embedder, stopping, meaningStore),
      index.titles,
      embedder,
      stopping,
    ));
  const compare = async (list: readonly string[], label: string): Promise<Comparison[]> => {
    const compared = await compareTexts(list, index, label, context);
    return compared.map((comparison) => ({ ...comparison, meaning: meanings?.get(comparison.text) }));
  };
  const baseline = await compare(heldOut, 'Comparing the held-out titles');
  const literal = chooseRules(baseline, threshold);
  const rules = {
    ...literal,
    ...(embedder && chooseMeaningRules(baseline, literal, index.titles, embedder, minimumCosine)),
    ...(baseTitles && baseRules(baseTitles, keepBaseCopies)),
  };
  const canaries = canaryIndex(checked.canaries, index.tokenize);
  const judge = new TitleJudge(index, rules, { heldOut, baseTitles, canaries });
  const compared = await compare(texts, 'Comparing with the training titles');
  const judged = compared.map((comparison) => judge.judgeCompared(comparison));

  // Titles accepted before come first, so that outputs can repeat them as they can repeat earlier outputs.
  const all = [...earlier, ...texts];
  const isKept = (position: number): boolean =>
    position < earlier.length || judged[position - earlier.length]!.reason === undefined;
  const repeats = findRepeats(all, judge.rules.threshold, isKept).slice(earlier.length);
  const verdicts = judged.map((judgement, position): Verdict => {
    const { index, firstDraw: first } = outputs[position]!;
    return {
      index,
      ...judgement,
      repeats: undefined,
      ...describeRepeat(all, repeats[position], earlier.length),
      ...(first === undefined ? {} : { firstDraw: describeFirstDraw(judge.judge(first)) }),
    };
  });
  const own = verdicts.map((verdict) => firstDraw(verdict).text);
  const read = verdicts.map(({ text, reason }, i) => ({
    text: own[i]!,
    isAccepted: reason === undefined && own[i] === text,
  }));
  return {
    rules: judge.rules,
    verdicts,
    heldOut: baseline.map((title) => judge.rate(title)),
    membership: await testMembership(own, index.titles, heldOut, stopping),
    wordings: await compareWordings(read, index.titles, heldOut, stopping),
  };
}

function describeFirstDraw({ rating, evidence, second, ...judged }: TextJudgement) {
  return judged;
}

/**
 * The fields of a verdict that describe a repeat; none if there is none.
 * @param earlier how many of the texts were accepted before.
 */
function describeRepeat(
  texts: readonly string[],
  repeat: Repeat | undefined,
  earlier: number,
): Partial<Pick<Verdict, 'reason' | 'evidence' | 'repeats'>> {
  if (!repeat) return {};
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

/** Numbers of accepted and rejected outputs; rejected ones also by reason, without those that do not occur. */
export function countVerdicts(verdicts: readonly Verdict[]): {
  accepted: number;
  rejected: number;
  rejectedByReason: Partial<Record<RejectionReason, number>>;
} {
  checkArgument('countVerdicts', 'verdicts', verdicts, hasItems('verdicts', 'index', 'text'));
  const rejectedByReason: Partial<Record<RejectionReason, number>> = {};
  for (const reason of rejectionReasons) {
    const count = verdicts.filter((verdict) => verdict.reason === reason).length;
    if (count > 0) rejectedByReason[reason] = count;
  }
  const accepted = verdicts.filter((verdict) => verdict.reason === undefined).length;
  return { accepted, rejected: verdicts.length - accepted, rejectedByReason };
}
