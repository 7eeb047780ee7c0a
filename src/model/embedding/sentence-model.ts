import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileError, TitlesmithError, usageError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { hashFile } from '../../io/atomic-file.js';
import { type ArgumentRules, checkArguments, completeContext } from '../../options/call-arguments.js';
import { deviceOptions } from '../../options/table/model.js';
import { type HubSettings, hubSettings } from '../weights/hub/settings.js';
import { fetchHubModel, findHubModel, type HubFileSet, type HubModel } from '../weights/hub/snapshot.js';
import { parseHubId } from '../weights/published-models.js';
import { parsePooling, poolingNames } from './pooling.js';
import { SentenceEncoder } from './sentence-encoder.js';

/** The sentence model that is taken unless another is named: 6 layers of width 384, Apache-2.0. */
export const defaultSentenceModel = 'sentence-transformers/all-MiniLM-L6-v2';

const tokenizerName = 'tokenizer.json';
/**
 * Names of the ONNX file, those of 8 bits first: a quarter of the bytes, and the vectors are nearly the same. Of these the
 * one with unsigned weights, as its products are exact on every processor.
 */
const onnxNames = ['model_quint8_avx2', 'model_uint8', 'model_quantized', 'model_int8', 'model'].flatMap(
  (name) => [`onnx/${name}.onnx`, `${name}.onnx`],
);

/** A sentence model that was found, but not downloaded or read yet. */
interface LocatedSentenceModel {
  /** Identifies its content: the commit, or a hash of its files. */
  readonly hash: string;
  /** One line, for messages. */
  readonly description: string;
}

type Found =
  | { readonly located: LocatedSentenceModel; readonly folder: string }
  | { readonly located: LocatedSentenceModel; readonly hub: HubModel };

/** Of names of files, those of a sentence model, the ONNX file first; or what is missing. */
function filesAmong(
  isThere: (name: string) => boolean,
): { names: [string, ...string[]] } | { missing: string } {
  const onnx = onnxNames.find(isThere);
  if (onnx === undefined) return { missing: 'onnx/model.onnx, nor one of 8 bits beside it' };
  if (!isThere(tokenizerName)) return { missing: tokenizerName };
  return { names: [onnx, tokenizerName, ...poolingNames.filter(isThere)] };
}

const filesInFolder = (folder: string) => filesAmong((name) => existsSync(join(folder, name)));

const howToName =
  'Name a folder with onnx/model.onnx and tokenizer.json, or a Hugging Face id, with --semantic-model.';

const hubFiles: HubFileSet = {
  recursive: true,
  choose: ({ repository, revision, files }) => {
    const found = filesAmong((name) => files.some((file) => file.name === name));
    if ('missing' in found) {
      throw new TitlesmithError(`${repository} has no ${found.missing} at ${revision}.`, {
        code: 'hub-file-missing',
        hint: howToName,
      });
    }
    return files.filter(({ name }) => found.names.includes(name));
  },
  isComplete: async (folder) => 'names' in filesInFolder(folder),
};

async function find(
  name: string,
  settings: HubSettings,
  pinned: string | undefined,
  onWarning: (message: string) => void,
): Promise<Found> {
  if (existsSync(name)) {
    const hash = await hashFolder(name);
    if (pinned !== undefined && pinned !== hash) {
      throw new TitlesmithError(`The sentence model in ${name} has changed since it was chosen.`, {
        code: 'model-changed',
        hint: 'Run the same command again.',
      });
    }
    return { folder: name, located: { hash, description: `${name}, sha256 ${hash.slice(0, 8)}` } };
  }
  const id = parseHubId(name);
  if (id === undefined) {
    throw usageError(
      `--semantic-model ${JSON.stringify(name)} is no folder and no Hugging Face id.`,
      howToName,
    );
  }
  try {
    const hub = await findHubModel({ ...id, fileSet: hubFiles, commit: pinned }, settings, onWarning);
    return {
      hub,
      located: { hash: hub.commit, description: `${hub.repository} at ${hub.commit.slice(0, 8)}` },
    };
  } catch (error) {
    if (!(error instanceof TitlesmithError) || !error.code.startsWith('hub-')) throw error;
    const { code, message } = error;
    throw new TitlesmithError(`--semantic needs a sentence model: ${message}`, {
      code,
      hint: `${howToName} Or leave --semantic out.`,
      cause: error,
    });
  }
}

/** SHA-256 over the names and hashes of the files, lower-case hexadecimal. */
async function hashFolder(folder: string): Promise<string> {
  const found = filesInFolder(folder);
  if ('missing' in found) {
    throw new TitlesmithError(`${folder} holds no sentence model: there is no ${found.missing}.`, {
      code: 'sentence-model',
      hint: howToName,
    });
  }
  const hash = createHash('sha256');
  for (const name of found.names) hash.update(`${name} ${await hashFile(join(folder, name))}\n`);
  return hash.digest('hex');
}

/**
 * Finds a sentence model without downloading or reading it: a quick check that it can be had.
 * @param name a folder, or `owner/name[@revision]` of the hub.
 * @throws TitlesmithError when it is neither, or cannot be had.
 */
export async function locateSentenceModel(
  name: string = defaultSentenceModel,
  settings: HubSettings = hubSettings(),
  onWarning: (message: string) => void = () => {},
): Promise<LocatedSentenceModel> {
  return (await find(name, settings, undefined, onWarning)).located;
}

/** Which sentence model, and how it runs. */
export interface SentenceModelRequest {
  /** A folder, or `owner/name[@revision]` of the hub. */
  readonly name?: string | undefined;
  /** Exactly this content is required. */
  readonly hash?: string | undefined;
  /** Undefined: one a physical core. */
  readonly threads?: number | undefined;
  /** Default: from the environment. */
  readonly settings?: HubSettings;
}

const requestArguments: ArgumentRules = {
  name: { type: 'text' },
  hash: { type: 'text' },
  threads: deviceOptions.threads,
  settings: {
    accepts: (value) => typeof value === 'object' && value !== null && 'endpoint' in value,
    fault: 'are no settings of the hub, as hubSettings returns them',
  },
};

/**
 * Opens a sentence model, and downloads what is missing of it.
 * @throws TitlesmithError when it cannot be had or run; InterruptedError.
 */
export async function openSentenceModel(
  request: SentenceModelRequest = {},
  given: Partial<WorkContext> = {},
): Promise<SentenceEncoder> {
  const context = completeContext<WorkContext>('openSentenceModel', given);
  const checked = checkArguments('openSentenceModel', request, requestArguments);
  const { name = defaultSentenceModel, hash, threads, settings = hubSettings() } = checked;
  const onWarning = (message: string): void => context.onProgress({ kind: 'warning', message });
  const found = await find(name, settings, hash, onWarning);
  const folder = 'folder' in found ? found.folder : await fetchFromHub(found.hub, settings, context);
  const files = filesInFolder(folder);
  const read = async <Content>(file: string, how: (path: string) => Promise<Content>) => {
    const path = join(folder, file);
    try {
      return { path, content: await how(path) };
    } catch (error) {
      throw fileError('read', path, error);
    }
  };
  const [onnxName = 'model.onnx', ...others] = 'names' in files ? files.names : [];
  const onnx = await read(onnxName, (path) => readFile(path));
  const tokenizer = await read(tokenizerName, (path) => readFile(path, 'utf8'));
  const aboutPooling: (string | undefined)[] = [];
  for (const file of poolingNames)
    aboutPooling.push(
      others.includes(file) ? (await read(file, (path) => readFile(path, 'utf8'))).content : undefined,
    );
  const pooling = parsePooling(name, aboutPooling);
  const sha256 = createHash('sha256').update(onnx.content).digest('hex').slice(0, 8);
  const where = 'hub' in found ? `${found.located.description}, ` : '';
  const description = `${where}${basename(onnx.path)}, sha256 ${sha256}${pooling === 'first' ? ', by its first token' : ''}`;
  return SentenceEncoder.open(
    { onnx: { path: onnx.path, bytes: onnx.content }, tokenizer, pooling },
    description,
    threads,
  );
}

async function fetchFromHub(hub: HubModel, settings: HubSettings, context: WorkContext): Promise<string> {
  const { repository, missingBytes } = hub;
  if (missingBytes > 0) {
    const message = `Downloading the sentence model ${repository}: ${Math.ceil(missingBytes / 1e6)} MB.`;
    context.onProgress({ kind: 'note', message });
  }
  return fetchHubModel(hub, settings, context);
}
