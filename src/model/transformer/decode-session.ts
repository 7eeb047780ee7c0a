import { TitlesmithError, usageError } from '../../common/errors.js';
import {
  type ArgumentRules,
  checkArgument,
  checkArguments,
  hasKeys,
  hasMethod,
  required,
} from '../../options/call-arguments.js';
import { type Precision, precisions } from '../../options/choices.js';
import type { Engine, Program } from '../engine/engine.js';
import { requireEngineFloat16 } from '../engine/float16.js';
import { evenLength } from '../engine/onnx/sampling-nodes.js';
import { input } from '../graph/builder.js';
import type { FloatType } from '../graph/shape.js';
import { type Adapter, adapterShapes, SlotAdapters } from './adapters.js';
import type { TransformerConfiguration } from './configuration.js';
import { type DecodeSizes, decodeDynamicAxes, decodeGraph, paddingMaskName } from './decode-graph.js';
import { DeviceSampler, type TokenChoice } from './decode-sampler.js';
import {
  DeviceScoreBuffer,
  HostScoreBuffer,
  type ScoreBuffer,
  type Scores,
  scoresOfRow,
} from './decode-scores.js';
import { readDecodeWeights } from './decode-weights.js';
import { DeviceKeyValueCache, HostKeyValueCache, type KeyValueCache } from './key-value-cache.js';
import type { WeightSource } from './weight-source.js';

/** The result of running a prompt, copied into a slot that starts a text. */
export interface PromptCache {
  /** Number of tokens in the prompt. */
  readonly length: number;
  /** One row: the scores after the prompt's last token. */
  readonly scores: Scores;
  /** What it was run with. */
  readonly adapter?: Adapter | undefined;
}

/** Input of a step: one token for each of the first slots. */
export interface DecodeInput {
  /** The token each slot reads. */
  readonly tokens: Int32Array;
  /** Number of tokens already in each slot: the new token's position. */
  readonly lengths: Int32Array;
  /** The logits are divided by these; 0 leaves them as they are. */
  readonly temperatures: Float32Array;
}

/** Input of a step that also chooses the next tokens. */
export interface DrawInput extends DecodeInput, TokenChoice {}

/**
 * A model that decodes up to `slots` texts in parallel, each of its own length. Slots are independent: the content of
 * one never changes another's scores.
 */
export interface DecodeSession<Cache extends PromptCache = PromptCache> {
  readonly slots: number;
  /** Longest text a slot can hold, prompt and new tokens together, in tokens. */
  readonly capacity: number;
  /** Longest text of the model, in tokens, if that is more. */
  readonly contextLength?: number;
  readonly vocabularySize: number;
  /**
   * Runs a prompt of 1 to `capacity` tokens. Does not change the slots.
   * @param onScores called with the scores after each of its tokens, in order; they are valid during the call.
   * @param adapter of a session that was opened for adapters: what to run it with; undefined for the base model itself.
   */
  prefill(
    tokens: Int32Array,
    temperature: number,
    onScores?: (scores: Scores) => void,
    adapter?: Adapter,
  ): Promise<Cache>;
  /** Copies a prompt's keys and values into `slot`, replacing its content; the slot goes on with the prompt's adapter. */
  fill(slot: number, cache: Cache): void;
  /** Copies the first `length` tokens of a slot into another. */
  move(from: number, to: number, length: number): void;
  /** Reads one token in each of the first slots, as many as the input has rows. */
  step(input: DecodeInput): Promise<Scores>;
  /**
   * The same, and chooses the next token of each slot where the scores are, so that they need not be copied: ids [rows];
   * −1 where the scores are not finite. Missing where scores are in this process's memory already.
   */
  readonly draw?: (input: DrawInput) => Promise<Int32Array>;
  /** Copies the scores that the last `draw` chose from. Missing where that is. */
  readonly drawnScores?: (rows: number) => Promise<Scores>;
  /** Frees the model's memory after the running step has ended. Later steps are refused. May be called twice. */
  dispose(): Promise<void>;
}

/** The error of a step after {@link DecodeSession.dispose}. */
function disposedError(): TitlesmithError {
  return new TitlesmithError('The model was disposed of, and computes no more.', {
    code: 'session-disposed',
    hint: 'Open it again, or dispose of it later.',
  });
}

/** A transformer's prompt: its keys and values in a cache of one slot. */
export interface TransformerPromptCache extends PromptCache {
  readonly cache: KeyValueCache;
}

interface DecoderOptions extends DecodeSizes {
  /** Default: `float32`. */
  readonly precision?: Precision;
  /** Tokens that no text gets, as they stand for nothing. Default: none. */
  readonly silent?: readonly number[];
  /** Opens it for adapters of this rank, each text with its own. Default: for none. */
  readonly adapterRank?: number | undefined;
}

const count = { type: 'integer', minimum: 1, maximum: 1_000_000 } as const;
const decoderArguments: ArgumentRules = {
  slots: count,
  capacity: count,
  precision: { type: 'choice', choices: precisions },
  silent: { accepts: Array.isArray, fault: 'is no list of ids' },
  adapterRank: count,
};

/**
 * Opens a model for generation on an engine. The weights become constants of one graph, which runs both prompts and
 * steps; they are read from `weights`, which the caller closes, and not kept in addition to the engine's own form.
 * @throws TitlesmithError when the capacity exceeds the context length, a tensor cannot be read, or the engine does not
 *   compute in float16 when that is the precision.
 */
export async function openDecodeSession(
  engine: Engine,
  configuration: TransformerConfiguration,
  weights: WeightSource,
  options: DecoderOptions,
): Promise<DecodeSession<TransformerPromptCache>> {
  checkArgument('openDecodeSession', 'engine', engine, required(hasMethod('compile', 'engine')));
  checkArgument(
    'openDecodeSession',
    'configuration',
    configuration,
    hasKeys('configuration', 'contextLength'),
  );
  checkArgument('openDecodeSession', 'weights', weights, required(hasMethod('read', 'source of weights')));
  checkArguments('openDecodeSession', options, decoderArguments);
  const { contextLength, layers } = configuration;
  if (options.capacity > contextLength) {
    throw usageError(`capacity ${options.capacity} exceeds the model's context of ${contextLength} tokens.`);
  }
  const { precision = 'float32', adapterRank } = options;
  if (adapterRank !== undefined && engine.memory !== undefined)
    throw usageError('adapterRank is for engines that compute on the processor.');
  if (precision === 'float16') await requireEngineFloat16(engine, 'precision float16');
  const { vocabularySize } = configuration;
  const paddedVocabulary = holdsScores(engine, options.slots, vocabularySize)
    ? evenLength(vocabularySize)
    : undefined;
  const read = await readDecodeWeights(configuration, weights, precision, paddedVocabulary, options.silent);
  const { parameters, constants } = read;
  const cacheDtype = precision === 'float16' ? 'float16' : 'float32';
  const isPadded = constants.has(paddingMaskName);
  const adapters = adapterRank === undefined ? [] : adapterShapes(configuration, adapterRank);
  const adapterInputs = adapters.map(
    ({ name, shape }) => [name, input(name, [options.slots, ...shape])] as const,
  );
  const withAdapters = new Map([...parameters, ...adapterInputs]);
  const outputs = decodeGraph(configuration, withAdapters, options, {
    cacheDtype,
    paddedVocabulary: isPadded ? (paddedVocabulary ?? vocabularySize) : undefined,
  });
  const names = adapters.map(({ name }) => name);
  const dynamicAxes = decodeDynamicAxes(layers, names);
  const program = await engine.compile(outputs, { constants, dynamicAxes });
  const createCache = cacheFactory(engine, configuration, cacheDtype);
  const [slots, prompt] = [await createCache(options), await createCache({ ...options, slots: 1 })];
  return new TransformerDecodeSession(
    configuration,
    options,
    program,
    { slots, prompt, create: createCache },
    createScores(engine, { slots: options.slots, vocabularySize }, paddedVocabulary),
    engine.memory !== undefined,
    adapterRank === undefined ? undefined : new SlotAdapters(configuration, options.slots, adapterRank),
  );
}

interface ScoreStorage {
  readonly buffer: ScoreBuffer;
  /** Chooses tokens where scores stay on the device. */
  readonly sampler?: { readonly scores: DeviceScoreBuffer; readonly chooser: DeviceSampler };
}

/** Whether scores stay on the engine's device: where one buffer holds them. */
function holdsScores({ memory }: Engine, slots: number, vocabularySize: number): boolean {
  const bytes = slots * evenLength(vocabularySize) * Float32Array.BYTES_PER_ELEMENT;
  return memory !== undefined && bytes <= memory.largestBuffer;
}

/** @param rowLength length of a row of scores where they stay on the device. */
function createScores(
  engine: Engine,
  { slots, vocabularySize }: { readonly slots: number; readonly vocabularySize: number },
  rowLength: number | undefined,
): ScoreStorage {
  const { memory } = engine;
  if (!memory || rowLength === undefined) return { buffer: new HostScoreBuffer(slots, vocabularySize) };
  const scores = new DeviceScoreBuffer(memory, { slots, vocabularySize, rowLength });
  return {
    buffer: scores,
    sampler: { scores, chooser: new DeviceSampler(engine, memory, slots, rowLength) },
  };
}

type CacheFactory = (sizes: DecodeSizes) => Promise<KeyValueCache>;

/**
 * Creates caches where the engine computes. On a device all have the slots' capacity, as whole rows are copied there.
 */
function cacheFactory(
  { memory }: Engine,
  configuration: TransformerConfiguration,
  dtype: FloatType,
): CacheFactory {
  if (!memory) return async (sizes) => new HostKeyValueCache(configuration, sizes);
  return (sizes) => DeviceKeyValueCache.open(memory, configuration, sizes, dtype);
}

/** Inputs of a run of the graph: N tokens, in as many slots as there are lengths. */
interface Run {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly temperatures: Float32Array;
  /** Number of tokens in each slot including the new ones. */
  readonly lengths: Int32Array;
  /** Those of the slots. */
  readonly adapters: Readonly<Record<string, Float32Array>> | undefined;
}

class TransformerDecodeSession implements DecodeSession<TransformerPromptCache> {
  readonly slots: number;
  readonly capacity: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly draw?: (input: DrawInput) => Promise<Int32Array>;
  readonly drawnScores?: (rows: number) => Promise<Scores>;
  private disposal: Promise<void> | undefined;
  /** Ends when the last call of `draw` has ended, which runs two programs. */
  private lastDraw: Promise<unknown> = Promise.resolve();

  constructor(
    configuration: TransformerConfiguration,
    { slots, capacity }: DecodeSizes,
    private readonly program: Program,
    /** `prompt`: one slot for running prompts. */
    private readonly caches: {
      readonly slots: KeyValueCache;
      readonly prompt: KeyValueCache;
      readonly create: CacheFactory;
    },
    private readonly scores: ScoreStorage,
    private readonly wholeRows: boolean,
    private readonly adapters: SlotAdapters | undefined,
  ) {
    this.slots = slots;
    this.capacity = capacity;
    this.contextLength = configuration.contextLength;
    this.vocabularySize = configuration.vocabularySize;
    const { sampler } = scores;
    if (!sampler) return;
    this.drawnScores = (rows) => this.scores.buffer.read(rows);
    this.draw = (input) => {
      const drawn = this.runStep(input).then(() =>
        sampler.chooser.choose(sampler.scores.bind(input.tokens.length), input),
      );
      this.lastDraw = drawn.catch(() => {});
      return drawn;
    };
  }

  async prefill(
    tokens: Int32Array,
    temperature: number,
    onScores?: (scores: Scores) => void,
    adapter?: Adapter,
  ): Promise<TransformerPromptCache> {
    const { length } = tokens;
    // A run has at most as many rows as there are slots.
    for (let start = 0; start < length; start += this.slots) {
      const chunk = tokens.subarray(start, start + this.slots);
      await this.run(this.caches.prompt, {
        tokens: chunk,
        positions: chunk.map((_, index) => start + index),
        temperatures: new Float32Array(chunk.length).fill(temperature),
        lengths: Int32Array.of(start + chunk.length),
        adapters: this.adapters?.bindOne(adapter),
      });
      if (!onScores) continue;
      const rows = await this.scores.buffer.read(chunk.length);
      for (let row = 0; row < chunk.length; row++) onScores(scoresOfRow(rows, row, this.vocabularySize));
    }
    const scores = await this.scores.buffer.readRow((length - 1) % this.slots);
    const cache = await this.caches.create({ slots: 1, capacity: this.wholeRows ? this.capacity : length });
    this.caches.prompt.copy(0, cache, 0, length);
    return { length, cache, scores, adapter };
  }

  fill(slot: number, { cache, length, adapter }: TransformerPromptCache): void {
    this.adapters?.set(slot, adapter);
    cache.copy(0, this.caches.slots, slot, length);
  }

  move(from: number, to: number, length: number): void {
    this.adapters?.move(from, to);
    const { slots } = this.caches;
    slots.copy(from, slots, to, length);
  }

  async step(input: DecodeInput): Promise<Scores> {
    await this.runStep(input);
    return this.scores.buffer.read(input.tokens.length);
  }

  private runStep({ tokens, lengths, temperatures }: DecodeInput): Promise<void> {
    const newLengths = lengths.map((length) => length + 1);
    const adapters = this.adapters?.bind(tokens.length);
    return this.run(this.caches.slots, {
      tokens,
      positions: lengths,
      temperatures,
      lengths: newLengths,
      adapters,
    });
  }

  private async run(
    cache: KeyValueCache,
    { tokens, positions, temperatures, lengths, adapters }: Run,
  ): Promise<void> {
    if (this.disposal) throw disposedError();
    const { past, present } = cache.bind(lengths.length);
    const inverseTemperatures = temperatures.map((temperature) => (temperature === 0 ? 1 : 1 / temperature));
    const held = await this.scores.sampler?.chooser.hold('inverseTemperatures', inverseTemperatures);
    const feeds = {
      inputIds: tokens,
      positionIds: positions,
      inverseTemperatures: held ?? inverseTemperatures,
      lengths,
      ...past,
      ...adapters,
    };
    await this.program.run(feeds, { ...this.scores.buffer.bind(tokens.length), ...present });
    await cache.copied();
  }

  dispose(): Promise<void> {
    this.disposal ??= this.free();
    return this.disposal;
  }

  private async free(): Promise<void> {
    await this.lastDraw;
    await this.program.dispose();
    this.caches.slots.dispose();
    this.caches.prompt.dispose();
    await this.scores.sampler?.chooser.dispose();
    this.scores.buffer.dispose();
  }
}
