import { silentContext, type WorkContext } from '../../common/progress.js';
import { AtomicFile } from '../../io/atomic-file.js';
import { generateTexts } from '../../model/generation/generate.js';
import { type GenerationOptions, generationDefaults } from '../../model/generation/generation-options.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import type { DecodeSession } from '../../model/transformer/decode-session.js';
import {
  type GenerationModel,
  type GenerationModelOptions,
  openForGeneration,
} from '../../model/weights/open-for-generation.js';
import type { OpenModel } from '../../model/weights/open-model.js';

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
  { sampleDelim = `${'='.repeat(20)}\n`, ...options }: GenerateToFileOptions = {},
): Promise<number> {
  const file = await AtomicFile.create(path);
  let next = 0;
  try {
    const waiting = new Map<number, GeneratedText>();
    for await (const text of generate(model, options)) {
      waiting.set(text.index, text);
      for (let due = waiting.get(next); due; due = waiting.get(next)) {
        waiting.delete(next++);
        await file.write(`${due.text}\n${sampleDelim}`);
      }
    }
  } catch (error) {
    await file.abort();
    throw error;
  }
  await file.commit();
  return next;
}
