import type { Precision } from '../../options/choices.js';
import type { Engine, Program } from '../engine/engine.js';
import { requireEngineFloat16 } from '../engine/float16.js';
import type { FloatType } from '../graph/shape.js';
import type { TransformerConfiguration } from './configuration.js';
import { type DecodeSizes, decodeGraph, decodeRows } from './decode-graph.js';
import type { DecodeInput, DecodeSession, PromptCache, Scores } from './decode-session.js';
import { readDecodeWeights } from './decode-weights.js';
import { DeviceSlotCache } from './device-slot-cache.js';
import { KeyValueCache } from './key-value-cache.js';
import type { SlotCache } from './slot-cache.js';
import type { WeightSource } from './weight-source.js';

export interface Gpt2PromptCache extends PromptCache {
  readonly cache: SlotCache;
}

export interface DecoderOptions extends DecodeSizes {
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
): Promise<DecodeSession<Gpt2PromptCache>> {
  const { contextLength, layers } = configuration;
  if (options.capacity > contextLength) {
    throw new RangeError(`capacity ${options.capacity} exceeds the context length ${contextLength}`);
  }
  const { precision = 'float32' } = options;
  if (precision === 'float16') await requireEngineFloat16(engine, 'precision float16');
  const { parameters, constants } = await readDecodeWeights(configuration, weights, precision);
  const cacheType = precision === 'float16' ? 'float16' : 'float32';
  const outputs = decodeGraph(configuration, parameters, options, cacheType);
  const program = await engine.compile(outputs, { constants, freeRows: decodeRows(layers) });
  const caches = cacheFactory(engine, configuration, cacheType);
  const [cache, promptCache] = [
    await caches(options.slots, options.capacity),
    await caches(1, options.capacity),
  ];
  return new Gpt2DecodeSession(
    configuration,
    options,
    program,
    { cache, promptCache, caches },
    engine.memory !== undefined,
  );
}

type CacheFactory = (slots: number, capacity: number) => Promise<SlotCache>;

/** Caches where the engine computes. On a device a prompt's has the slots' own capacity: rows are copied whole there. */
function cacheFactory(
  { memory }: Engine,
  configuration: TransformerConfiguration,
  type: FloatType,
): CacheFactory {
  if (!memory) return async (slots, capacity) => new KeyValueCache(configuration, slots, capacity);
  return (slots, capacity) => DeviceSlotCache.open(memory, configuration, slots, capacity, type);
}

/** A run of the graph: N tokens of as many slots as there are lengths. */
interface Run {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly temperatures: Float32Array;
  /** Tokens of each slot with the new ones. */
  readonly lengths: Int32Array;
}

class Gpt2DecodeSession implements DecodeSession<Gpt2PromptCache> {
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
      readonly cache: SlotCache;
      readonly promptCache: SlotCache;
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

  async prefill(tokens: Int32Array, temperature: number): Promise<Gpt2PromptCache> {
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
    const cache = await caches(1, this.wholeRows ? this.capacity : length);
    promptCache.copy(0, cache, 0, length);
    const { logits, probabilities } = this.scores;
    return { length, cache, scores: { logits: row(logits), probabilities: row(probabilities) } };
  }

  fill(slot: number, { cache, length }: Gpt2PromptCache): void {
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

  private async run(cache: SlotCache, { tokens, positions, temperatures, lengths }: Run): Promise<void> {
    const { past, present } = cache.bind(lengths.length);
    const inverseTemperatures = temperatures.map((temperature) => (temperature === 0 ? 1 : 1 / temperature));
    const feeds = { inputIds: tokens, positionIds: positions, inverseTemperatures, lengths, ...past };
    const size = tokens.length * this.vocabularySize;
    const logits = this.scores.logits.subarray(0, size);
    const probabilities = this.scores.probabilities.subarray(0, size);
    await this.program.run(feeds, { logits, probabilities, ...present });
    await cache.settled();
  }

  async dispose(): Promise<void> {
    await this.program.dispose();
    this.held.cache.dispose();
    this.held.promptCache.dispose();
  }
}
