import { resolve } from 'node:path';
import type { WorkContext } from '../../common/progress.js';
import type { Tokenizer } from '../tokenizer/contract.js';
import type { Gpt2Configuration } from './configuration.js';
import { type HubSettings, hubSettings } from './hub/settings.js';
import { fetchHubModel, findHubModel, type HubModel } from './hub/snapshot.js';
import { findModelFolder, hashModelFolder, type ModelFolder } from './model-folder.js';
import { parseModelName } from './model-name.js';
import { type ParameterStore, parameterSpecifications } from './parameters.js';
import { loadWeights } from './weight-source.js';

/** A model that was found, but not yet downloaded or read. */
export interface LocatedModel {
  /** A name that stands for exactly this model, now and later: `owner/name@commit`, or an absolute path. */
  readonly pinnedName: string;
  /** What identifies its content: the commit, or a hash of the folder's files. */
  readonly hash: string;
  /** One line for people. */
  readonly description: string;
  readonly missingBytes: number;
}

/** A model ready to be trained or sampled from. */
export interface ResolvedModel {
  readonly configuration: Gpt2Configuration;
  readonly tokenizer: Tokenizer;
  readonly weights: ParameterStore;
  readonly source: LocatedModel;
}

type Found =
  | { readonly located: LocatedModel; readonly hub: HubModel }
  | { readonly located: LocatedModel; readonly folder: ModelFolder };

async function find(
  name: string,
  settings: HubSettings,
  onWarning: (message: string) => void,
): Promise<Found> {
  const parsed = parseModelName(name);
  if (parsed.kind === 'folder') {
    const folder = await findModelFolder(parsed.path);
    const hash = await hashModelFolder(folder);
    const description = `${folder.path}, ${folder.format} files, sha256 ${hash.slice(0, 8)}`;
    return { folder, located: { pinnedName: resolve(folder.path), hash, description, missingBytes: 0 } };
  }
  const hub = await findHubModel(parsed.repository, parsed.revision, settings, onWarning);
  const { repository, commit, missingBytes } = hub;
  const how = missingBytes === 0 ? 'cached' : `${Math.ceil(missingBytes / 1e6)} MB to download`;
  const description = `${repository} at ${commit.slice(0, 8)}, ${how}`;
  return { hub, located: { pinnedName: `${repository}@${commit}`, hash: commit, description, missingBytes } };
}

/**
 * Finds a model without downloading or reading its weights: a quick check that it can be had.
 * @param name 124M, 355M, 774M, 1558M, distil, `owner/name[@revision]`, or a folder (Hugging Face files, or a run).
 * @throws TitlesmithError when the name is none, or the model cannot be had.
 */
export async function locateModel(
  name: string,
  settings: HubSettings = hubSettings(),
  onWarning: (message: string) => void = () => {},
): Promise<LocatedModel> {
  return (await find(name, settings, onWarning)).located;
}

/**
 * Gets a model ready: downloads what is missing, checks every file, reads the weights as float32 tensor by tensor.
 * @param name as for `locateModel`.
 * @throws InterruptedError when the context asks to stop; TitlesmithError with one line on what is wrong where.
 */
export async function resolveModel(
  name: string,
  context: WorkContext,
  settings: HubSettings = hubSettings(),
): Promise<ResolvedModel> {
  const onWarning = (message: string): void => context.onProgress({ kind: 'warning', message });
  const found = await find(name, settings, onWarning);
  const folder =
    'folder' in found
      ? found.folder
      : await findModelFolder(await fetchHubModel(found.hub, settings, context));
  const { configuration, tokenizer, weights } = await folder.open();
  try {
    const specifications = parameterSpecifications(configuration);
    const store = await loadWeights(weights, specifications, context);
    return { configuration, tokenizer, weights: store, source: found.located };
  } finally {
    await weights.close();
  }
}
