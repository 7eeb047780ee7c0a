import { plantedTexts } from '../../common/canaries.js';
import type { WorkContext } from '../../common/progress.js';
import { decodeBaseTitles } from '../../dedupe/base-titles.js';
import { readBaseFingerprints } from '../../io/base-fingerprints.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decisions } from '../../run/manifest.js';
import { noveltyBeside, type RunNovelty } from '../../run/novelty.js';
import { descendsFromBase } from '../run/base-descent.js';
import { readCanaries } from '../run/canaries-file.js';
import { readDatasetTitles } from './dataset.js';

/**
 * Opens the titles of a run, to compare texts with while they are generated.
 * @throws TitlesmithError when a file of the run cannot be read; InterruptedError.
 */
export async function openNovelty(
  folder: string,
  options: RunOptions,
  decisions: Decisions,
  context: WorkContext,
): Promise<RunNovelty> {
  const titles = await readDatasetTitles(folder);
  const planted = await readCanaries(folder);
  const baseTitles = (await descendsFromBase(folder, decisions))
    ? decodeBaseTitles(await readBaseFingerprints())
    : undefined;
  const beside = { titles, baseTitles, canaries: planted && plantedTexts(planted) };
  return noveltyBeside(beside, options, context);
}
