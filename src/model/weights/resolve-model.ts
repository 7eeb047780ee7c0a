import { TitlesmithError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { completeContext } from '../../options/call-arguments.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { type ParameterStore, parameterSpecifications } from '../transformer/parameters.js';
import { loadWeights } from '../transformer/weight-source.js';
import { baseFolder, checkBaseHash } from './base-folder.js';
import { type HubSettings, hubSettings } from './hub/settings.js';
import { fetchHubFile, fetchHubModel, findHubModel, type HubModel } from './hub/snapshot.js';
import { findModelFolder, hashModelFolder } from './model-folder.js';
import { aboutFolder, parseModelName } from './model-name.js';
import type { ModelFolder, OpenModel } from './open-model.js';

/** A model that was found, but not downloaded or read yet. */
export interface LocatedModel {
  /** Identifies its content: the commit, or a hash of the folder's files. */
  readonly hash: string;
  /** One line, for messages. */
  readonly description: string;
  readonly missingBytes: number;
}

/** A model with complete and checked files; its weights are not read yet. */
interface AvailableModel extends OpenModel {
  readonly source: LocatedModel;
}

/** A model with its weights in memory. */
export interface ResolvedModel {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  readonly weights: ParameterStore;
  readonly source: LocatedModel;
}

type Found =
  | { readonly located: LocatedModel; readonly hub: HubModel }
  | { readonly located: LocatedModel; readonly folder: ModelFolder };

/** Options of finding a model. */
interface ModelRequest {
  /** Default: from the environment. */
  readonly settings?: HubSettings | undefined;
  /** The hash from `locateModel`: exactly this model is required. */
  readonly hash?: string | undefined;
}

async function find(
  name: string,
  { settings = hubSettings(), hash: pinned }: ModelRequest,
  onWarning: (message: string) => void,
): Promise<Found> {
  const parsed = parseModelName(name);
  if (parsed.kind === 'folder') {
    const folder = await findModelFolder(parsed.path);
    const hash = await hashModelFolder(folder);
    if (parsed.path === baseFolder) checkBaseHash(hash);
    if (pinned !== undefined && hash !== pinned) {
      throw new TitlesmithError(`The model in ${folder.path} has changed since it was chosen.`, {
        code: 'model-changed',
        hint: 'Run the same command again.',
      });
    }
    const where = parsed.path === baseFolder ? "titlesmith's base model" : `${folder.path}, ${folder.format}`;
    const description = `${where}, sha256 ${hash.slice(0, 8)}`;
    return { folder, located: { hash, description, missingBytes: 0 } };
  }
  const hub = await findHubModel({ ...parsed, commit: pinned }, settings, onWarning).catch(
    (error: unknown) => {
      throw aboutFolder(name, error);
    },
  );
  const { repository, commit, missingBytes } = hub;
  const description = `${repository} at ${commit.slice(0, 8)}`;
  return { hub, located: { hash: commit, description, missingBytes } };
}

/** That the hub is asked, which may take long where there is no network; undefined where it is not. */
export function questionToHub(
  model: string,
  { endpoint, offline }: HubSettings = hubSettings(),
): string | undefined {
  if (offline || parseModelName(model).kind !== 'hub') return undefined;
  return `asking ${new URL(endpoint).host} for ${model} …`;
}

/**
 * Finds a model without downloading or reading its weights: a quick check that it is available.
 * @param name base, 124M, 355M, 774M, 1558M, distil, smollm2, smollm2-360M, `owner/name[@revision]`, or a folder (Hugging Face files,
 *   OpenAI's, a run of gpt-2-simple or titlesmith).
 * @throws TitlesmithError when the name is invalid, or the model is not available.
 */
export async function locateModel(
  name: string,
  settings: HubSettings = hubSettings(),
  onWarning: (message: string) => void = () => {},
): Promise<LocatedModel> {
  return (await find(name, { settings }, onWarning)).located;
}

/**
 * The folder in which a file beside a model's would be; of a model of the hub that one file is downloaded, where its
 * repository has it.
 * @param request `hash`: of a model of the hub, the commit.
 * @throws as `locateModel`, and InterruptedError when the context asks to stop.
 */
export async function folderBeside(
  name: string,
  file: string,
  context: WorkContext,
  { settings = hubSettings(), hash }: ModelRequest = {},
): Promise<string> {
  const parsed = parseModelName(name);
  if (parsed.kind === 'folder') return (await findModelFolder(parsed.path)).path;
  const hub = await findHubModel({ ...parsed, commit: hash }, settings, () => {});
  return fetchHubFile(hub, file, settings, context);
}

/**
 * Opens a model's files: downloads what is missing and checks every one. The caller reads the weights, tensor by
 * tensor, and closes them.
 * @param name as for `locateModel`.
 * @throws InterruptedError when the context asks to stop; TitlesmithError saying what is wrong with which file.
 */
export async function openModel(
  name: string,
  given: Partial<WorkContext> = {},
  request: ModelRequest = {},
): Promise<AvailableModel> {
  const context = completeContext<WorkContext>('openModel', given);
  const onWarning = (message: string): void => context.onProgress({ kind: 'warning', message });
  const found = await find(name, request, onWarning);
  const { located } = found;
  if ('folder' in found) return { ...(await found.folder.open()), source: located };
  if (located.missingBytes > 0) {
    const message = `Downloading ${located.description}: ${Math.ceil(located.missingBytes / 1e6)} MB.`;
    context.onProgress({ kind: 'note', message });
  }
  const folder = await findModelFolder(
    await fetchHubModel(found.hub, request.settings ?? hubSettings(), context),
  );
  return { ...(await folder.open()), source: located };
}

/** Like {@link openModel}, with the weights read as float32 into a new store. */
export async function resolveModel(
  name: string,
  given: Partial<WorkContext> = {},
  request: ModelRequest = {},
): Promise<ResolvedModel> {
  const context = completeContext<WorkContext>('resolveModel', given);
  const { configuration, tokenizer, weights, source } = await openModel(name, context, request);
  try {
    const store = await loadWeights(weights, parameterSpecifications(configuration), context);
    return { configuration, tokenizer, weights: store, source };
  } finally {
    await weights.close();
  }
}
