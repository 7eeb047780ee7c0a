import { silentContext, type WorkContext } from '../../common/progress.js';
import type { Precision } from '../../options/choices.js';
import type { Engine } from '../engine/engine.js';
import { createOnnxRuntimeEngine } from '../engine/onnxruntime.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { DecodeSession } from '../transformer/decode-session.js';
import { openDecodeSession } from '../transformer/decoder.js';
import { usualSlots } from '../transformer/slots.js';
import { findModelFolder } from '../weights/model-folder.js';
import { parseModelName } from '../weights/model-name.js';
import type { OpenModel } from '../weights/open-model.js';
import { openModel } from '../weights/resolve-model.js';
import { generateTexts } from './generate.js';
import { type GenerationOptions, generationDefaults } from './options.js';
import type { GeneratedText } from './sequence.js';

export interface ModelOptions {
  /** Most texts generated side by side; changes none of them. Otherwise as many as decode fastest in modest memory. */
  readonly slots?: number;
  /** Longest text in tokens, its start and prefix included; bounded by the model's context. */
  readonly capacity?: number;
  readonly precision?: Precision;
  /** ONNX Runtime on the CPU where it is left out. */
  readonly engine?: Engine;
  /** Hears of downloads, and can stop them. */
  readonly context?: WorkContext;
}

/** Room for a prefix and a title. */
const defaultCapacity = 128;

/** A model ready to generate. Several may be open at a time; each holds its own weights and caches. */
export class Model {
  private turn: Promise<void> = Promise.resolve();

  constructor(
    readonly configuration: TransformerConfiguration,
    readonly tokenizer: Tokenizer,
    private readonly session: DecodeSession,
  ) {}

  /** Waits for the model to be free. @returns its session, and the function that frees it for the next. */
  async take(): Promise<{ session: DecodeSession; release: () => void }> {
    const before = this.turn;
    let release: () => void = () => {};
    this.turn = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return { session: this.session, release };
  }

  /** Frees the model's memory, once what is generating has ended. It cannot be used any more. */
  async dispose(): Promise<void> {
    await this.turn;
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
  const opened = await openToGenerate(name, options.context ?? silentContext);
  try {
    return await createModel(opened, options);
  } finally {
    await opened.weights.close();
  }
}

/**
 * Opens a model's files like `openModel`, but without hashing a folder: nothing is recorded that would need it, and of
 * the time to the first text it would be a fifth.
 */
export async function openToGenerate(name: string, context: WorkContext): Promise<OpenModel> {
  const parsed = parseModelName(name);
  if (parsed.kind === 'hub') return openModel(name, context);
  return (await findModelFolder(parsed.path)).open();
}

/** Makes a model of weights that are open already; the caller closes them. */
export async function createModel(
  { configuration, tokenizer, weights }: OpenModel,
  options: ModelOptions = {},
): Promise<Model> {
  const { precision = 'float32', engine = createOnnxRuntimeEngine() } = options;
  const capacity = Math.min(options.capacity ?? defaultCapacity, configuration.contextLength);
  const slots = options.slots ?? usualSlots(configuration, capacity);
  const sizes = { slots, capacity, precision };
  return new Model(configuration, tokenizer, await openDecodeSession(engine, configuration, weights, sizes));
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
 * @throws TitlesmithError (exit code 2) before any work when an option is wrong; the signal's reason once it is aborted.
 */
export async function* generate(
  model: Model,
  { signal, onProgress = silentContext.onProgress, ...options }: GenerateOptions = {},
): AsyncGenerator<GeneratedText, void, undefined> {
  const { session, release } = await model.take();
  const context: WorkContext = { onProgress, stopRequested: () => signal?.aborted ?? false };
  try {
    yield* generateTexts(session, model.tokenizer, { ...generationDefaults, ...options }, context);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    release();
  }
}
