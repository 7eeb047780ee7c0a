import { usageError } from '../common/errors.js';
import { silentContext } from '../common/progress.js';
import { checkTokenIds } from '../model/generation/generation-options.js';
import { checkCapacity, type Prompt } from '../model/generation/prompts.js';
import type { TransformerConfiguration } from '../model/transformer/configuration.js';
import { parseModelName } from '../model/weights/model-name.js';
import { openModel } from '../model/weights/resolve-model.js';
import type { RunOptions } from '../options/option-table.js';
import { sizeOptions } from '../options/table/model.js';
import type { Decisions } from '../run/manifest.js';
import { decideSizes } from '../run/model-sizes.js';
import { prepareGeneration } from '../run/prepared-generation.js';
import { decideTrainingOptions } from '../run/training-decision.js';
import { trains } from './decide/decisions.js';
import { decidedDevice } from './decide/device.js';
import { knownShape } from './decide/known-shape.js';
import { checkTrainingMemory } from './decide/memory.js';
import { readPrefixes } from './stages/prefix-file.js';

/** Tokens in a row of a training whose titles are not known yet: the fewest that it chooses by itself. */
const shortestRow = 64;

/**
 * Refuses what the later stages of a pipeline would refuse, before its first stage begins: as far as it does not depend on
 * the titles, nor on a model that is still to be downloaded.
 * @throws TitlesmithError `usage` or `memory`; when --prefix-file or a model's files cannot be read.
 */
export async function checkStagesAhead(options: RunOptions, decisions: Decisions): Promise<void> {
  if (!trains(options.until)) return;
  const name = decisions.model?.choice ?? 'nano';
  const sizes = decideSizes(name, options);
  const isLocal = !sizes && parseModelName(name).kind === 'folder';
  const local = isLocal ? await openModel(name, silentContext, { hash: decisions.model?.hash }) : undefined;
  try {
    const configuration = local?.configuration ?? knownShape(name, options);
    if (configuration) checkTraining(name, configuration, options, decisions);
    if (local) {
      prepareGeneration(options, local, { prefixes: await readPrefixes(options) });
      return;
    }
    // Where the titles decide the vocabulary, an id is unknown to all beyond the most tokens that it can have.
    const largest = sizes ? mostTokens(sizes.vocabularySize) : configuration?.vocabularySize;
    if (largest !== undefined) checkTokenIds(options, largest);
    const prefixes = await readPrefixes(options);
    // A title begins with at least the start token.
    const shortest: Prompt = { prefix: '', tokens: Int32Array.of(0) };
    if (configuration) {
      checkCapacity([shortest], { ...options, prefixes }, { capacity: configuration.contextLength });
    }
  } finally {
    await local?.weights.close();
  }
}

const mostTokens = (vocabularySize: number | 'titles'): number =>
  vocabularySize === 'titles' ? sizeOptions.vocabularySize.maximum : vocabularySize;

function checkTraining(
  name: string,
  configuration: TransformerConfiguration,
  options: RunOptions,
  decisions: Decisions,
): void {
  const { rowLength = Math.min(shortestRow, configuration.contextLength) } = options;
  if (rowLength > configuration.contextLength) {
    throw usageError(
      `--row-length ${rowLength} exceeds the context of ${name}, which is ${configuration.contextLength} tokens.`,
      'Leave it out, and it fits the longest title.',
    );
  }
  const { batchSize } = decideTrainingOptions(name, options);
  const isOnProcessor = decidedDevice(decisions.device).device === 'cpu';
  const batch = isOnProcessor ? { batchSize, rowLength } : undefined;
  checkTrainingMemory(name, configuration, options, batch);
}
