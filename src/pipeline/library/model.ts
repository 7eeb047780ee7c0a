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
  /** Is told of a download's progress, and may stop it. */
  readonly context?: WorkContext;
}

/** A model ready to generate. Several may be open at a time; each holds its own weights and caches. */
export class Model {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  private readonly session: DecodeSession;
  /** Resolves when the calls so far have ended. */
  private lastCall: Promise<void> = Promise.resolve();

  constructor({ configuration, tokenizer, session }: GenerationModel) {
    this.configuration = configuration;
    this.tokenizer = tokenizer;
    this.session = session;
  }

  /** Waits for the model to be free. @returns its session, and the function that frees it for the next call. */
  async acquire(): Promise<{ session: DecodeSession; release: () => void }> {
    const before = this.lastCall;
    let release: () => void = () => {};
    this.lastCall = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return { session: this.session, release };
  }

  /** Frees the model's memory, once what is generating has ended. It cannot be used any more. */
  async dispose(): Promise<void> {
    await this.lastCall;
    await this.session.dispose();
  }
}

/**
 * Opens a model for generation.
 * @param name a folder (of a run, of Hugging Face files, of gpt-2-simple), or 124M, 355M, 774M, 1558M, or a Hugging
 *   Face id, which is downloaded where it is not cached.
 * @throws TitlesmithError when there is no such model, or its files are not as they should be.
 */
export async function loadModel(name: string, options: ModelOptions = {}): Promise<Model> {
  return new Model(await openForGeneration(name, options, options.context));
}

/** Makes a model of weights that are open already; the caller closes them. */
export async function createModel(model: OpenModel, options: ModelOptions = {}): Promise<Model> {
  return new Model(await openForGeneration(model, options));
}

/** What a caller may say; {@link generationDefaults} for the rest. */
export interface GenerateOptions extends Partial<GenerationOptions> {
  /** Ends the generation between two tokens: the iterator throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: WorkContext['onProgress'];
}

/**
 * Generates texts and yields each as it is finished; `index` tells their order. Calls for one model take turns: one
 * begins when the one before has ended, by its last text, an error, or the iterator's `return` (which `break` calls).
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
  /** Stands after every text but its line break; gpt-2-simple's row of equals signs where it is left out. */
  readonly sampleDelim?: string;
}

/**
 * Generates texts into a file, in the order of their index, each on a line of its own with the delimiter after it. The
 * file appears when it is complete.
 * @returns how many texts were written.
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
 * Brings a model into the cache that Hugging Face's own tools use, unless it is there.
 * @param name 124M, 355M, 774M, 1558M, distil, or `owner/name[@revision]`.
 * @param context hears of the progress, and may ask to stop.
 * @returns one line on what was fetched: the repository and its commit.
 * @throws TitlesmithError when the model cannot be had; InterruptedError when asked to stop.
 */
export async function downloadModel(name: string, context: WorkContext = silentContext): Promise<string> {
  const { weights, source } = await openModel(name, context);
  await weights.close();
  return source.description;
}

/**
 * Whether a model can be opened without the network: a folder that holds one, or a cached one. Asks nobody.
 * @param name as for {@link downloadModel}, or a folder.
 * @throws TitlesmithError `usage` when it is the name of no model.
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
