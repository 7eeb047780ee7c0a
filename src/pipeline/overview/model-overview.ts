import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import { readTrainedCondition, type TrainedCondition } from '../../data/trained-condition.js';
import { startOf } from '../../model/tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import { parameterCount, parameterSpecifications } from '../../model/transformer/parameters.js';
import { hubSettings } from '../../model/weights/hub/settings.js';
import { cachedHubFolder } from '../../model/weights/hub/snapshot.js';
import { findModelFolder } from '../../model/weights/model-folder.js';
import { aboutFolder, parseModelName } from '../../model/weights/model-name.js';
import { readCommunities } from '../stages/base-communities.js';

/** What is known of a model by its files, without its weights being read. */
export interface ModelOverview {
  /** As it was named. */
  readonly model: string;
  readonly architecture: 'GPT-2' | 'Llama';
  readonly parameters: number;
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: {
    readonly tokens: number;
    readonly startId: number;
    readonly endId: number;
  };
  /** The folder or file, and the form of what it holds. */
  readonly path: string;
  readonly format: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** What it was trained to be prompted by. */
  readonly condition?: TrainedCondition;
  /** How many communities it writes for by name, without a prompt. */
  readonly communities?: number;
}

/**
 * Looks at a model, of a run or any other. Nothing is downloaded.
 * @param name as for `--model`.
 * @throws TitlesmithError when there is none, it is damaged, or the hub's is not in the cache.
 */
export async function describeModel(name: string): Promise<ModelOverview> {
  const folder = await findModelFolder(await folderOf(name));
  const { configuration, tokenizer, weights } = await folder.open();
  await weights.close();
  const names = await folder.files();
  const files = await Promise.all(
    names.map(async (file) => ({ name: file, bytes: (await stat(join(folder.path, file))).size })),
  );
  const condition = await readTrainedCondition(folder.path);
  const communities = await readCommunities(name);
  return {
    model: name,
    architecture: configuration.llama ? 'Llama' : 'GPT-2',
    parameters: parameterCount(parameterSpecifications(configuration)),
    configuration,
    tokenizer: {
      tokens: tokenizer.vocabularySize,
      startId: startOf(tokenizer),
      endId: tokenizer.endOfTextId,
    },
    path: folder.path,
    format: folder.format,
    files,
    ...(condition ? { condition } : {}),
    ...(communities ? { communities: communities.names.length } : {}),
  };
}

async function folderOf(name: string): Promise<string> {
  const parsed = parseModelName(name);
  if (parsed.kind === 'folder') return parsed.path;
  const folder = await cachedHubFolder(parsed, hubSettings());
  if (folder !== undefined) return folder;
  const missing = new TitlesmithError(`${parsed.repository} is not in the cache.`, {
    code: 'model-not-cached',
    hint: `titlesmith models ${name} fetches it.`,
  });
  throw aboutFolder(name, missing);
}
