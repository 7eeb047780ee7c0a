import { plantedTexts } from '../../common/canaries.js';
import type { WorkContext } from '../../common/progress.js';
import { withoutCondition } from '../../data/conditioning.js';
import { decodeBaseTitles } from '../../dedupe/base-titles.js';
import { createTitleJudge } from '../../dedupe/title-judge.js';
import { readBaseFingerprints } from '../../io/base-fingerprints.js';
import { encodeWords } from '../../model/tokenizer/gpt2.js';
import type { RunOptions } from '../../options/option-table.js';
import { descendsFromBase } from '../run/base-descent.js';
import { readCanaries } from '../run/canaries-file.js';
import type { Decisions } from '../run/manifest.js';
import { readDatasetTitles } from './dataset.js';

/**
 * Whether a text may stand in a run that asks for --novel: by the rules that the dedupe stage has for the same titles, it is no copy
 * of any kind but a paraphrase, and no title that was held out, planted or known to the base model. Blank and broken
 * texts may, as they copy nothing.
 * @throws TitlesmithError when a file of the run cannot be read; InterruptedError.
 */
export async function openNovelty(
  folder: string,
  { similarityThreshold: threshold, keepBaseCopies }: RunOptions,
  decisions: Decisions,
  context: WorkContext,
): Promise<(text: string) => boolean> {
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
  return (text) => {
    const { copied, reason } = judge.judge(withoutCondition(text));
    return !copied && (reason === undefined || reason === 'blank' || reason === 'broken text');
  };
}
