import { TitlesmithError } from '../../common/errors.js';
import { silentContext, type WorkContext } from '../../common/progress.js';
import { AtomicFile } from '../../io/atomic-file.js';
import { type GenerationOptions, generationDefaults } from '../../model/generation/generation-options.js';
import { generateTexts } from '../../model/generation/generation-request.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import type { DecodeSession } from '../../model/transformer/decode-session.js';
import { hubSettings } from '../../model/weights/hub/settings.js';
import {
  type GenerationModel,
  type GenerationModelOptions,
  openForGeneration,
} from '../../model/weights/open-for-generation.js';
import type { OpenModel } from '../../model/weights/open-model.js';
import { locateModel, openModel } from '../../model/weights/resolve-model.js';
import { generationOptions } from '../../options/table/generation.js';
import { inOrder } from '../stages/generate.js';

export interface ModelOptions extends GenerationModelOptions {
  /** Listens to a download's progress, and can cancel it. */
  readonly context?: WorkContext;
}

/** A model ready to generate. Several can be open at a time; each has its own weights and caches. */
export class Model {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  private readonly session: DecodeSession;
  /** Resolves when all calls so far have finished. */
  private lastCall: Promise<void> = Promise.resolve();

  constructor({ configuration, tokenizer, session }: GenerationModel) {
    this.configuration = configuration;
    this.tokenizer = tokenizer;
    this.session = session;
  }

  /** Waits until no other call uses the model. @returns its session, and a function that releases it to the next call. */
  async acquire(): Promise<{ session: DecodeSession; release: () => void }> {
    const before = this.lastCall;
    let release: () => void = () => {};
    this.lastCall = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return { session: this.session, release };
  }

  /** Frees the model's memory after running calls have finished. The model cannot be used afterwards. */
  async dispose(): Promise<void> {
    await this.lastCall;
    await this.session.dispose();
  }
}

/**
 * Opens a model for generation.
 * @param name a folder (of a run, of Hugging Face files, of gpt-2-simple), or 124M, 355M, 774M, 1558M, or a Hugging
 *   Face id, which is downloaded unless cached.
 * @throws TitlesmithError when there is no such model, or its files are invalid.
 */
export async function loadModel(name: string, options: ModelOptions = {}): Promise<Model> {
  return new Model(await openForGeneration(name, options, options.context));
}

/** Creates a model from weights that are already open; the caller closes them. */
export async function createModel(model: OpenModel, options: ModelOptions = {}): Promise<Model> {
  return new Model(await openForGeneration(model, options));
}

/** Options of {@link generate}; those left out are as in {@link generationDefaults}. */
export interface GenerateOptions extends Partial<GenerationOptions> {
  /** Stops the generation before the next token; the iterator then throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: WorkContext['onProgress'];
}

/**
 * Generates texts and yields each when it is finished, not in order of `index`. Calls for one model run one at a time: the
 * next starts when the iterator before has ended, failed, or returned (which `break` does).
 * @throws TitlesmithError `usage` before any work when an option is wrong; the signal's reason once it is aborted.
 */
export async function* generate(
  model: Model,
  { signal, onProgress = silentContext.onProgress, ...options }: GenerateOptions = {},
): AsyncGenerator<GeneratedText, void, undefined> {
  const { session, release } = await model.acquire();
  const context: WorkContext = { onProgress, signal: signal ?? silentContext.signal };
  try {
    yield* generateTexts(session, model.tokenizer, { ...generationDefaults, ...options }, context);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    release();
  }
}

export interface GenerateToFileOptions extends GenerateOptions {
  /** Written after every text and its line break. Default: gpt-2-simple's row of equals signs. */
  readonly sampleDelim?: string;
}

/**
 * Writes generated texts to a file in order of their index, each followed by a line break and the delimiter. The file
 * appears when it is complete.
 * @returns the number of texts written.
 * @throws TitlesmithError as `generate`, or when the file cannot be written; the signal's reason once it is aborted.
 */
export async function generateToFile(
  model: Model,
  path: string,
  { sampleDelim = generationOptions.sampleDelim.default, ...options }: GenerateToFileOptions = {},
): Promise<number> {
  const file = await AtomicFile.create(path);
  let written = 0;
  try {
    for await (const { text } of inOrder(generate(model, options))) {
      await file.write(`${text}\n${sampleDelim}`);
      written += 1;
    }
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.commit();
  return written;
}

/**
 * Downloads a model to the cache shared with Hugging Face's own tools, unless it is there already.
 * @param name 124M, 355M, 774M, 1558M, distil, or `owner/name[@revision]`.
 * @returns the repository and its commit, as one line.
 * @throws TitlesmithError when the model is unavailable; InterruptedError when the signal is aborted.
 */
export async function downloadModel(name: string, context: WorkContext = silentContext): Promise<string> {
  const { weights, source } = await openModel(name, context);
  await weights.close();
  return source.description;
}

/**
 * Whether a model can be opened without network access, because it is a folder or cached. Uses no network itself.
 * @param name as for {@link downloadModel}, or a folder.
 * @throws TitlesmithError `usage` when the name is not that of a model.
 */
export async function isDownloaded(name: string): Promise<boolean> {
  try {
    const { missingBytes } = await locateModel(name, { ...hubSettings(), offline: true });
    return missingBytes === 0;
  } catch (error) {
    const isAbsent =
      error instanceof TitlesmithError && ['hub-offline', 'model-folder-missing'].includes(error.code);
    if (isAbsent) return false;
    throw error;
  }
}
