import { silentContext, type WorkContext } from '../../common/progress.js';
import type { Precision } from '../../options/choices.js';
import type { Engine } from '../engine/engine.js';
import { createOnnxRuntimeEngine } from '../engine/onnxruntime/cpu-engine.js';
import { silentTokens } from '../tokenizer/padded-tokenizer.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { type DecodeSession, openDecodeSession } from '../transformer/decode-session.js';
import { defaultSlots } from '../transformer/slots.js';
import { baseFolder } from './base-folder.js';
import { findModelFolder } from './model-folder.js';
import { parseModelName } from './model-name.js';
import type { OpenModel } from './open-model.js';
import { openModel } from './resolve-model.js';

export interface GenerationModelOptions {
  /** Default: ONNX Runtime on the CPU. */
  readonly engine?: Engine | undefined;
  /** Most texts generated in parallel; does not change them. Default: as many as decode fastest in moderate memory. */
  readonly slots?: number | undefined;
  /** Total number of texts, if known: no more slots than that are opened. */
  readonly texts?: number | undefined;
  /** Longest text in tokens, including start and prefix; at most the model's context. Default: 128. */
  readonly capacity?: number | undefined;
  /** Default: `float32`. */
  readonly precision?: Precision | undefined;
  /** Opens it for adapters of this rank, each text with its own. Default: for none. */
  readonly adapterRank?: number | undefined;
}

/** A model ready to generate; the caller disposes of its session. */
export interface GenerationModel {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  readonly session: DecodeSession;
}

/** Room for a prefix and a title, in tokens. */
const defaultCapacity = 128;

/**
 * Opens a model for generation; used by commands, the server, samples during training and the library.
 * @param model a name as in {@link openModelFiles}, or a model with open weights, which the caller closes.
 * @throws TitlesmithError when there is no such model, its files are invalid, or the engine does not compute in the
 *   precision.
 */
export async function openForGeneration(
  model: string | OpenModel,
  options: GenerationModelOptions = {},
  context: WorkContext = silentContext,
): Promise<GenerationModel> {
  if (typeof model === 'string') {
    const opened = await openModelFiles(model, context);
    return openForGeneration(opened, options).finally(() => opened.weights.close());
  }
  const { configuration, tokenizer, weights } = model;
  const { engine = createOnnxRuntimeEngine(), texts, precision, adapterRank } = options;
  const capacity = Math.min(options.capacity ?? defaultCapacity, configuration.contextLength);
  const slots = Math.min(options.slots ?? defaultSlots(configuration, capacity, texts), texts ?? Infinity);
  const session = await openDecodeSession(engine, configuration, weights, {
    slots,
    capacity,
    precision,
    adapterRank,
    silent: silentTokens(tokenizer),
  });
  return { configuration, tokenizer, session };
}

/**
 * Opens a model's files like `openModel`, but without hashing a folder: generation does not record the hash, which
 * would take a fifth of the time to the first text.
 * @param name a folder (of a run, of Hugging Face files, of gpt-2-simple), or base, 124M, 355M, 774M, 1558M, or a Hugging
 *   Face id, which is downloaded unless it is cached.
 * @param context receives the progress of a download, and can stop it.
 */
export async function openModelFiles(name: string, context: WorkContext): Promise<OpenModel> {
  const parsed = parseModelName(name);
  // The base model is small, and is checked whenever it is opened.
  if (parsed.kind === 'hub' || parsed.path === baseFolder) return openModel(name, context);
  return (await findModelFolder(parsed.path)).open();
}
