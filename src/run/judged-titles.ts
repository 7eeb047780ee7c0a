import type { Judgement } from '../common/judgement.js';
import type { WorkContext } from '../common/progress.js';
import type { SplitTitles } from '../data/title-split.js';
import type { BaseTitles } from '../dedupe/base-titles.js';
import { createTitleIndex } from '../dedupe/comparison.js';
import { dedupe, type GeneratedOutput } from '../dedupe/dedupe.js';
import type { MeaningSearchStore, SentenceEmbedder } from '../dedupe/meaning.js';
import type { GeneratedText } from '../model/generation/sequence.js';
import { encodeWords } from '../model/tokenizer/gpt2.js';
import type { RunOptions } from '../options/option-table.js';

/** What is judged, and beside what. */
interface JudgedTitles {
  readonly outputs: readonly GeneratedOutput[];
  readonly titles: SplitTitles;
  /** Titles accepted in earlier generations. */
  readonly earlier?: readonly string[];
  /** What the base model was trained on; undefined for a model that does not descend from it. */
  readonly baseTitles: BaseTitles | undefined;
  /** Invented titles that training planted; undefined: none. */
  readonly canaries?: readonly string[] | undefined;
  /** Undefined: paraphrases are not looked for. */
  readonly embedder?: SentenceEmbedder | undefined;
  readonly meaningStore?: MeaningSearchStore | undefined;
}

/** A generated text as it is judged. */
export function outputOf({ index, text, turnedAway, chosen }: GeneratedText): GeneratedOutput {
  return { index, text, firstDraw: chosen?.first ?? turnedAway?.first };
}

/**
 * Compares a run's generated titles with its training titles, and the held-out titles too, as the baseline. Matching
 * token sequences are counted in GPT-2's tokens whatever the model, so that runs are comparable.
 * @throws InterruptedError when the context asks to stop.
 */
export async function judgeTitles(
  { outputs, titles, ...given }: JudgedTitles,
  options: Pick<RunOptions, 'similarityThreshold' | 'semanticThreshold' | 'keepBaseCopies'>,
  context: WorkContext,
): Promise<Judgement> {
  const { similarityThreshold: threshold, semanticThreshold: minimumCosine, keepBaseCopies } = options;
  const { train, validation } = titles;
  const index = createTitleIndex(train, encodeWords);
  const rules = { ...given, threshold, minimumCosine, heldOut: validation, keepBaseCopies };
  return dedupe(outputs, index, rules, context);
}

const keepsNothing =
  '--keep-base-copies changes nothing: as far as is known, this model did not begin as the base model.';

/** What a person is told of the rules of a judgement: lines. */
export function remarksOn(
  { rules }: Judgement,
  { keepBaseCopies }: Pick<RunOptions, 'keepBaseCopies'>,
): string[] {
  const aboutBase = rules.baseReason ?? (keepBaseCopies ? keepsNothing : undefined);
  const remarks = [rules.thresholdReason, rules.runReason, rules.meaningReason, aboutBase];
  return remarks.filter((remark) => remark !== undefined);
}
