import { silentContext } from '../common/progress.js';
import { compareTexts, createTitleIndex } from './compare.js';
import { findCopy } from './copies.js';
import { type ChosenRules, chooseRules, defaultThreshold } from './copy-rules.js';
import type { DedupeOptions } from './dedupe.js';
import type { Tokenize } from './token-runs.js';

/** Measures, again and again, how many of some texts are copies of the same training titles. */
export interface CopyMeter {
  readonly rules: ChosenRules;
  /** The share of `texts` that are copies in any of the ways (./copies.ts), from 0 to 1; 0 of none. */
  share(texts: readonly string[]): Promise<number>;
}

/**
 * A meter for texts sampled while a model learns, by the rules that {@link dedupe} will judge its outputs by.
 * @throws TitlesmithError as {@link dedupe}.
 */
export async function createCopyMeter(
  titles: readonly string[],
  options: DedupeOptions & { readonly tokenize?: Tokenize } = {},
): Promise<CopyMeter> {
  const { threshold = defaultThreshold, heldOut = [], tokenize } = options;
  const index = createTitleIndex(titles, tokenize);
  const compare = (texts: readonly string[]) =>
    compareTexts(texts, index, 'Comparing samples', silentContext);
  const rules = chooseRules(await compare(heldOut), threshold);
  return {
    rules,
    share: async (texts) => {
      if (texts.length === 0) return 0;
      const compared = await compare(texts.map((text) => text.trim()));
      return compared.filter((text) => findCopy(text, rules, titles) !== undefined).length / texts.length;
    },
  };
}
