import type { WorkContext } from '../common/progress.js';
import { withoutCondition } from '../data/conditioning.js';
import type { SplitTitles } from '../data/title-split.js';
import type { BaseTitles } from '../dedupe/base-titles.js';
import { createTitleJudge } from '../dedupe/title-judge.js';
import type { Novelty } from '../model/generation/best-of.js';
import { encodeWords } from '../model/tokenizer/gpt2.js';
import type { RunOptions } from '../options/option-table.js';

/** What texts are told about the titles of a run while they are generated. */
export interface RunNovelty {
  /**
   * Whether a text may stand where --novel is asked for: by the rules that the dedupe stage has for the same titles, it is no
   * copy of any kind but a paraphrase, and no title that was held out, planted or known to the base model. Blank and broken
   * texts may, as they copy nothing.
   */
  readonly mayStand: (text: string) => boolean;
  /** How like the closest training title a text is, and whether it would be refused for any reason that needs no other text. */
  readonly noveltyOf: (text: string) => Novelty;
}

/** What generated texts are compared with. */
interface KnownTitles {
  readonly titles: SplitTitles;
  /** Undefined for a model that does not descend from the base model. */
  readonly baseTitles: BaseTitles | undefined;
  readonly canaries?: readonly string[] | undefined;
}

/** Tells how new texts are beside titles. @throws InterruptedError. */
export async function noveltyBeside(
  { titles, baseTitles, canaries }: KnownTitles,
  {
    similarityThreshold: threshold,
    keepBaseCopies,
  }: Pick<RunOptions, 'similarityThreshold' | 'keepBaseCopies'>,
  context: WorkContext,
): Promise<RunNovelty> {
  const rules = {
    threshold,
    heldOut: titles.validation,
    tokenize: encodeWords,
    baseTitles,
    keepBaseCopies,
    ...(canaries ? { canaries } : {}),
  };
  const judge = await createTitleJudge(titles.train, rules, context);
  return {
    mayStand: (text) => {
      const { copied, reason } = judge.refuse(withoutCondition(text));
      return !copied && (reason === undefined || reason === 'blank' || reason === 'broken text');
    },
    noveltyOf: (text) => {
      const { closestRating, reason } = judge.judge(withoutCondition(text));
      return { rating: closestRating, isRefused: reason !== undefined };
    },
  };
}
