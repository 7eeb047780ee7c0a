import { plantedTexts } from '../../common/canaries.js';
import type { WorkContext } from '../../common/progress.js';
import { withoutCondition } from '../../data/conditioning.js';
import { decodeBaseTitles } from '../../dedupe/base-titles.js';
import { createTitleJudge } from '../../dedupe/title-judge.js';
import { readBaseFingerprints } from '../../io/base-fingerprints.js';
import type { Novelty } from '../../model/generation/best-of.js';
import { encodeWords } from '../../model/tokenizer/gpt2.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decisions } from '../../run/manifest.js';
import { descendsFromBase } from '../run/base-descent.js';
import { readCanaries } from '../run/canaries-file.js';
import { readDatasetTitles } from './dataset.js';

/** What texts are told about the titles of a run while they are generated. */
interface RunNovelty {
  /**
   * Whether a text may stand where --novel is asked for: by the rules that the dedupe stage has for the same titles, it is no
   * copy of any kind but a paraphrase, and no title that was held out, planted or known to the base model. Blank and broken
   * texts may, as they copy nothing.
   */
  readonly mayStand: (text: string) => boolean;
  /** How like the closest training title a text is, and whether it would be refused for any reason that needs no other text. */
  readonly noveltyOf: (text: string) => Novelty;
}

/**
 * Opens the titles of a run, to compare texts with while they are generated.
 * @throws TitlesmithError when a file of the run cannot be read; InterruptedError.
 */
export async function openNovelty(
  folder: string,
  { similarityThreshold: threshold, keepBaseCopies }: RunOptions,
  decisions: Decisions,
  context: WorkContext,
): Promise<RunNovelty> {
  const { train, validation } = await readDatasetTitles(folder);
  const planted = await readCanaries(folder);
  const baseTitles = (await descendsFromBase(folder, decisions))
    ? decodeBaseTitles(await readBaseFingerprints())
    : undefined;
  const options = {
    threshold,
    heldOut: validation,
    tokenize: encodeWords,
    baseTitles,
    keepBaseCopies,
    ...(planted ? { canaries: plantedTexts(planted) } : {}),
  };
  const judge = await createTitleJudge(train, options, context);
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
