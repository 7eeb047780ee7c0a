import type { Precision } from '../../options/choices.js';
import type { Engine } from '../engine/engine.js';
import { silentTokens } from '../tokenizer/padded-tokenizer.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { type DecodeSession, openDecodeSession } from '../transformer/decode-session.js';
import { defaultSlots } from '../transformer/slots.js';
import type { OpenModel } from './open-model.js';

/** How a model is opened for generation. */
export interface SessionOptions {
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
 * Loads an open model into an engine for generation. The caller closes the model's weights, which may be done at once.
 * @throws TitlesmithError when a tensor cannot be read, or the engine does not compute in the precision.
 */
export async function openGenerationSession(
  { configuration, tokenizer, weights }: OpenModel,
  { engine, texts, precision, adapterRank, ...sizes }: SessionOptions & { readonly engine: Engine },
): Promise<GenerationModel> {
  const capacity = Math.min(sizes.capacity ?? defaultCapacity, configuration.contextLength);
  const slots = Math.min(sizes.slots ?? defaultSlots(configuration, capacity, texts), texts ?? Infinity);
  const session = await openDecodeSession(engine, configuration, weights, {
    slots,
    capacity,
    precision,
    adapterRank,
    silent: silentTokens(tokenizer),
  });
  return { configuration, tokenizer, session };
}
