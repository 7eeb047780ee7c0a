import type { Precision } from '../../options/choices.js';
import type { Engine, Program } from '../engine/engine.js';
import { requireEngineFloat16 } from '../engine/float16.js';
import type { FloatType } from '../graph/shape.js';
import type { TransformerConfiguration } from './configuration.js';
import { type DecodeSizes, decodeDynamicAxes, decodeGraph } from './decode-graph.js';
import { readDecodeWeights } from './decode-weights.js';
import { DeviceKeyValueCache, HostKeyValueCache, type KeyValueCache } from './key-value-cache.js';
import type { WeightSource } from './weight-source.js';

/** What the model says about the next token of each row. Valid until the session's next call. */
export interface Scores {
  /** [rows, vocabularySize] row-major, divided by the row's temperature; as they are where that is 0. */
  readonly logits: Float32Array;
  /** Softmax of the logits, row by row. */
  readonly probabilities: Float32Array;
}

/** What a prompt leaves behind, copied into a slot when the slot starts a text. */
export interface PromptCache {
  /** Tokens in the prompt. */
  readonly length: number;
  /** One row: what comes after the prompt's last token. */
  readonly scores: Scores;
}

/** The next token of each of the first slots. */
export interface DecodeInput {
  /** The token each slot goes on with. */
  readonly tokens: Int32Array;
  /** How many tokens each slot holds already: the new token's position. */
  readonly lengths: Int32Array;
  /** What the logits are divided by; 0 leaves them as they are. */
  readonly temperatures: Float32Array;
}

/**
 * A model that decodes up to `slots` texts side by side, each at its own length. Slots are independent: what one
 * holds never changes another's scores.
 */
export interface DecodeSession<Cache extends PromptCache = PromptCache> {
  readonly slots: number;
  /** Longest text (prompt and new tokens together) a slot can hold. */
  readonly capacity: number;
  readonly vocabularySize: number;
  /** Runs a prompt of 1 to `capacity` tokens once. Slots are left as they are. */
  prefill(tokens: Int32Array, temperature: number): Promise<Cache>;
  /** Puts a prompt's keys and values into `slot`, forgetting what was there. */
  fill(slot: number, cache: Cache): void;
  /** Copies the first `length` tokens that a slot holds into another. */
  move(from: number, to: number, length: number): void;
  /** One token further in as many of the first slots as the input has rows. */
  step(input: DecodeInput): Promise<Scores>;
  dispose(): Promise<void>;
}

/** A prompt of a transformer: its keys and values in a cache of one slot. */
export interface TransformerPromptCache extends PromptCache {
  readonly cache: KeyValueCache;
}

interface DecoderOptions extends DecodeSizes {
  /** `float32` where it is left out. */
  readonly precision?: Precision;
}

/**
 * Opens a model for generation on an engine. The weights become constants of one graph, which runs prompts and steps
 * alike; they are read from `weights`, which the caller closes, and not kept beside the engine's own form of them.
 * @throws RangeError when the capacity exceeds the context length; TitlesmithError when a tensor cannot be read, or the
 *   engine does not compute in float16 where that is asked for.
 */
export async function openDecodeSession(
  engine: Engine,
  configuration: TransformerConfiguration,
  weights: WeightSource,
  options: DecoderOptions,
): Promise<DecodeSession<TransformerPromptCache>> {
  const { contextLength, layers } = configuration;
  if (options.capacity > contextLength) {
    throw new RangeError(`capacity ${options.capacity} exceeds the context length ${contextLength}`);
  }
  const { precision = 'float32' } = options;
  if (precision === 'float16') await requireEngineFloat16(engine, 'precision float16');
  const { parameters, constants } = await readDecodeWeights(configuration, weights, precision);
  const cacheDtype = precision === 'float16' ? 'float16' : 'float32';
  const outputs = decodeGraph(configuration, parameters, options, cacheDtype);
  const program = await engine.compile(outputs, { constants, dynamicAxes: decodeDynamicAxes(layers) });
  const caches = cacheFactory(engine, configuration, cacheDtype);
  const [cache, promptCache] = [await caches(options), await caches({ ...options, slots: 1 })];
  return new TransformerDecodeSession(
    configuration,
    options,
    program,
    { cache, promptCache, caches },
    engine.memory !== undefined,
  );
}

type CacheFactory = (sizes: DecodeSizes) => Promise<KeyValueCache>;

/** Caches where the engine computes. On a device a prompt's has the slots' own capacity: rows are copied whole there. */
function cacheFactory(
  { memory }: Engine,
  configuration: TransformerConfiguration,
  dtype: FloatType,
): CacheFactory {
  if (!memory) return async (sizes) => new HostKeyValueCache(configuration, sizes);
  return (sizes) => DeviceKeyValueCache.open(memory, configuration, sizes, dtype);
}

/** A run of the graph: N tokens of as many slots as there are lengths. */
interface Run {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly temperatures: Float32Array;
  /** Tokens of each slot with the new ones. */
  readonly lengths: Int32Array;
}

class TransformerDecodeSession implements DecodeSession<TransformerPromptCache> {
  readonly slots: number;
  readonly capacity: number;
  readonly vocabularySize: number;
  private readonly scores: Scores;

  constructor(
    configuration: TransformerConfiguration,
    { slots, capacity }: DecodeSizes,
    private readonly program: Program,
    /** `promptCache`: one slot for running prompts. */
    private readonly held: {
      readonly cache: KeyValueCache;
      readonly promptCache: KeyValueCache;
      readonly caches: CacheFactory;
    },
    private readonly wholeRows: boolean,
  ) {
    this.slots = slots;
    this.capacity = capacity;
    this.vocabularySize = configuration.vocabularySize;
    const scores = (): Float32Array => new Float32Array(slots * this.vocabularySize);
    this.scores = { logits: scores(), probabilities: scores() };
  }

  async prefill(tokens: Int32Array, temperature: number): Promise<TransformerPromptCache> {
    const { length } = tokens;
    // A run has at most as many rows as there are slots.
    for (let start = 0; start < length; start += this.slots) {
      const chunk = tokens.subarray(start, start + this.slots);
      await this.run(this.held.promptCache, {
        tokens: chunk,
        positions: chunk.map((_, index) => start + index),
        temperatures: new Float32Array(chunk.length).fill(temperature),
        lengths: Int32Array.of(start + chunk.length),
      });
    }
    const lastRow = ((length - 1) % this.slots) * this.vocabularySize;
    const row = (scores: Float32Array): Float32Array => scores.slice(lastRow, lastRow + this.vocabularySize);
    const { promptCache, caches } = this.held;
    const cache = await caches({ slots: 1, capacity: this.wholeRows ? this.capacity : length });
    promptCache.copy(0, cache, 0, length);
    const { logits, probabilities } = this.scores;
    return { length, cache, scores: { logits: row(logits), probabilities: row(probabilities) } };
  }

  fill(slot: number, { cache, length }: TransformerPromptCache): void {
    cache.copy(0, this.held.cache, slot, length);
  }

  move(from: number, to: number, length: number): void {
    const { cache } = this.held;
    cache.copy(from, cache, to, length);
  }

  async step({ tokens, lengths, temperatures }: DecodeInput): Promise<Scores> {
    const withNew = lengths.map((length) => length + 1);
    await this.run(this.held.cache, { tokens, positions: lengths, temperatures, lengths: withNew });
    return this.scores;
  }

  private async run(cache: KeyValueCache, { tokens, positions, temperatures, lengths }: Run): Promise<void> {
    const { past, present } = cache.bind(lengths.length);
    const inverseTemperatures = temperatures.map((temperature) => (temperature === 0 ? 1 : 1 / temperature));
    const feeds = { inputIds: tokens, positionIds: positions, inverseTemperatures, lengths, ...past };
    const size = tokens.length * this.vocabularySize;
    const logits = this.scores.logits.subarray(0, size);
    const probabilities = this.scores.probabilities.subarray(0, size);
    await this.program.run(feeds, { logits, probabilities, ...present });
    await cache.copied();
  }

  async dispose(): Promise<void> {
    await this.program.dispose();
    this.held.cache.dispose();
    this.held.promptCache.dispose();
  }
}
