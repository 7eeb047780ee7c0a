import type { Engine, NumericArray, Program } from '../engine/contract.js';
import type { DecodeSession, PromptCache } from '../generation/contract.js';
import { input, split } from '../graph/builder.js';
import type { Tensor } from '../graph/tensor.js';
import type { Gpt2Configuration } from './configuration.js';
import { decodeStep, forward, outputLogits, parameterInputs } from './forward.js';
import { type ParameterStore, parameterSpecifications } from './parameters.js';

/** Added to the scores of keys that must not be seen: e^−1e9 is 0 in float32. */
const hiddenScore = -1e9;

/** Keys and values of a prompt, each layer's [H,P,D]. */
export interface Gpt2PromptCache extends PromptCache {
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

export interface DecoderOptions {
  /** S: texts decoded side by side. */
  readonly slots: number;
  /** K: longest text in tokens, prompt included; at most the model's context. */
  readonly capacity: number;
}

const layerNames = (kind: string, layers: number): string[] =>
  Array.from({ length: layers }, (_, layer) => `${kind}.${layer}`);

/**
 * Opens a model for generation on an engine. Weights become constants of the decode graph (the engine packs them
 * once); the prefill graph takes them as inputs, so that they are held only once more.
 * @throws RangeError when the capacity exceeds the context length.
 */
export async function openDecodeSession(
  engine: Engine,
  configuration: Gpt2Configuration,
  weights: ParameterStore,
  options: DecoderOptions,
): Promise<DecodeSession<Gpt2PromptCache>> {
  if (options.capacity > configuration.contextLength) {
    throw new RangeError(
      `capacity ${options.capacity} exceeds the context length ${configuration.contextLength}`,
    );
  }
  const outputs = decodeGraph(configuration, options);
  const program = await engine.compile(outputs, { constants: weights.views });
  return new Gpt2DecodeSession(engine, configuration, weights, options, program);
}

/** Outputs: `logits` [S,V], `newKeys.l` and `newValues.l` [S,H,1,D]. */
function decodeGraph(
  configuration: Gpt2Configuration,
  { slots, capacity }: DecoderOptions,
): Record<string, Tensor> {
  const { layers, heads, width } = configuration;
  const parameters = parameterInputs(parameterSpecifications(configuration));
  const cache = (kind: string): Tensor[] =>
    layerNames(kind, layers).map((name) => input(name, [slots, heads, capacity, width / heads]));
  const { hidden, newKeys, newValues } = decodeStep(configuration, parameters, {
    inputIds: input('inputIds', [slots], 'int32'),
    positionIds: input('positionIds', [slots], 'int32'),
    cacheMask: input('cacheMask', [slots, 1, 1, capacity]),
    pastKeys: cache('pastKeys'),
    pastValues: cache('pastValues'),
  });
  return {
    logits: outputLogits(parameters, hidden),
    ...Object.fromEntries(newKeys.map((tensor, layer) => [`newKeys.${layer}`, tensor])),
    ...Object.fromEntries(newValues.map((tensor, layer) => [`newValues.${layer}`, tensor])),
  };
}

/** Outputs: `logits` [1,V] after the last of P tokens, `keys.l` and `values.l` [1,H,P,D]. */
function prefillGraph(configuration: Gpt2Configuration, length: number): Record<string, Tensor> {
  const parameters = parameterInputs(parameterSpecifications(configuration));
  const { hidden, keys, values } = forward(configuration, parameters, {
    inputIds: input('inputIds', [length], 'int32'),
    positionIds: input('positionIds', [length], 'int32'),
    attentionMask: input('attentionMask', [1, 1, length, length]),
  });
  const last = length === 1 ? hidden : split(hidden, 0, [length - 1, 1])[1]!;
  return {
    logits: outputLogits(parameters, last),
    ...Object.fromEntries(keys.map((tensor, layer) => [`keys.${layer}`, tensor])),
    ...Object.fromEntries(values.map((tensor, layer) => [`values.${layer}`, tensor])),
  };
}

class Gpt2DecodeSession implements DecodeSession<Gpt2PromptCache> {
  readonly slots: number;
  readonly capacity: number;
  readonly vocabularySize: number;
  /** Keys and values by layer, [S,H,K,D]. */
  private readonly pastKeys: Float32Array[];
  private readonly pastValues: Float32Array[];
  private readonly feeds: Record<string, NumericArray>;
  private readonly results: Record<string, Float32Array>;
  private readonly cacheMask: Float32Array;
  private readonly prefillPrograms = new Map<number, Program>();

  constructor(
    private readonly engine: Engine,
    private readonly configuration: Gpt2Configuration,
    private readonly weights: ParameterStore,
    { slots, capacity }: DecoderOptions,
    private readonly program: Program,
  ) {
    const { layers, width, vocabularySize } = configuration;
    this.slots = slots;
    this.capacity = capacity;
    this.vocabularySize = vocabularySize;
    const arrays = (count: number, size: number): Float32Array[] =>
      Array.from({ length: count }, () => new Float32Array(size));
    this.pastKeys = arrays(layers, slots * capacity * width);
    this.pastValues = arrays(layers, slots * capacity * width);
    this.cacheMask = new Float32Array(slots * capacity);
    const named = (kind: string, list: Float32Array[]): Record<string, Float32Array> =>
      Object.fromEntries(layerNames(kind, layers).map((name, layer) => [name, list[layer]!]));
    this.feeds = {
      cacheMask: this.cacheMask,
      ...named('pastKeys', this.pastKeys),
      ...named('pastValues', this.pastValues),
    };
    this.results = {
      logits: new Float32Array(slots * vocabularySize),
      ...named('newKeys', arrays(layers, slots * width)),
      ...named('newValues', arrays(layers, slots * width)),
    };
  }

  async prefill(tokens: Int32Array): Promise<Gpt2PromptCache> {
    const { length } = tokens;
    const { layers, width, vocabularySize } = this.configuration;
    let program = this.prefillPrograms.get(length);
    if (!program) {
      program = await this.engine.compile(prefillGraph(this.configuration, length));
      this.prefillPrograms.set(length, program);
    }
    const causal = new Float32Array(length * length);
    for (let query = 0; query < length; query++) {
      causal.fill(hiddenScore, query * length + query + 1, (query + 1) * length);
    }
    const arrays = (): Float32Array[] =>
      Array.from({ length: layers }, () => new Float32Array(length * width));
    const cache = { length, logits: new Float32Array(vocabularySize), keys: arrays(), values: arrays() };
    const results: Record<string, Float32Array> = { logits: cache.logits };
    for (let layer = 0; layer < layers; layer++) {
      results[`keys.${layer}`] = cache.keys[layer]!;
      results[`values.${layer}`] = cache.values[layer]!;
    }
    const positionIds = Int32Array.from(tokens.keys());
    const inputs = { inputIds: tokens, positionIds, attentionMask: causal };
    await program.run({ ...inputs, ...Object.fromEntries(this.weights.views) }, results);
    return cache;
  }

  fill(slot: number, cache: Gpt2PromptCache): void {
    const { layers, heads, width } = this.configuration;
    const headWidth = width / heads;
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        const from = head * cache.length * headWidth;
        const to = (slot * heads + head) * this.capacity * headWidth;
        const end = from + cache.length * headWidth;
        this.pastKeys[layer]!.set(cache.keys[layer]!.subarray(from, end), to);
        this.pastValues[layer]!.set(cache.values[layer]!.subarray(from, end), to);
      }
    }
  }

  async step(tokens: Int32Array, lengths: Int32Array): Promise<Float32Array> {
    for (let slot = 0; slot < this.slots; slot++) {
      const start = slot * this.capacity;
      this.cacheMask.fill(0, start, start + lengths[slot]!);
      this.cacheMask.fill(hiddenScore, start + lengths[slot]!, start + this.capacity);
    }
    await this.program.run({ ...this.feeds, inputIds: tokens, positionIds: lengths }, this.results);
    for (let layer = 0; layer < this.configuration.layers; layer++) {
      this.store(this.results[`newKeys.${layer}`]!, this.pastKeys[layer]!, lengths);
      this.store(this.results[`newValues.${layer}`]!, this.pastValues[layer]!, lengths);
    }
    return this.results['logits']!;
  }

  /** Puts one layer's new vectors [S,H,D] at each slot's position in its cache [S,H,K,D]. */
  private store(fresh: Float32Array, cache: Float32Array, lengths: Int32Array): void {
    const { heads, width } = this.configuration;
    const headWidth = width / heads;
    for (let slot = 0; slot < this.slots; slot++) {
      for (let head = 0; head < heads; head++) {
        const from = (slot * heads + head) * headWidth;
        const to = ((slot * heads + head) * this.capacity + lengths[slot]!) * headWidth;
        cache.set(fresh.subarray(from, from + headWidth), to);
      }
    }
  }

  async dispose(): Promise<void> {
    await this.program.dispose();
    for (const program of this.prefillPrograms.values()) await program.dispose();
  }
}
