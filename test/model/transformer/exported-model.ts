import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import { oracle } from './oracle.js';

const { layers, heads, width } = oracle.configuration;
/** What a cache is shaped by. */
interface CacheSizes {
  readonly layers: number;
  /** Of keys and values. */
  readonly heads: number;
  readonly headWidth: number;
}
const gpt2Sizes: CacheSizes = { layers, heads, headWidth: width / heads };

const int64 = (values: readonly number[][]): Tensor =>
  new Tensor('int64', BigInt64Array.from(values.flat().map(BigInt)), [values.length, values[0]!.length]);

type Past = Record<string, Tensor>;
/** Keys and values of no token, for so many texts. */
export function emptyPast(rows: number, sizes: CacheSizes = gpt2Sizes): Past {
  const shape = [rows, sizes.heads, 0, sizes.headWidth];
  const empty = (): Tensor => new Tensor('float32', new Float32Array(0), shape);
  const names = Array.from({ length: sizes.layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  return Object.fromEntries(names.map((name) => [`past_key_values.${name}`, empty()]));
}

/** Runs the exported model on more tokens. @returns logits [B,T,V] and the past that includes them. */
export async function step(
  session: Pick<InferenceSession, 'run'>,
  ids: number[][],
  mask: number[][],
  positions: number[][],
  past: Past,
) {
  const feeds = {
    input_ids: int64(ids),
    attention_mask: int64(mask),
    position_ids: int64(positions),
    ...past,
  };
  const results = await session.run(feeds);
  const next = Object.entries(results).filter(([name]) => name.startsWith('present.'));
  const grown = Object.fromEntries(
    next.map(([name, tensor]) => [name.replace('present', 'past_key_values'), tensor]),
  );
  return { logits: results['logits']!, past: grown as Past };
}

/** Logits [V] of one position of [B,T,V]. */
export function logitsAt(logits: Tensor, row: number, position: number): Float32Array {
  const [, tokens, vocabularySize] = logits.dims as [number, number, number];
  const start = (row * tokens + position) * vocabularySize;
  return (logits.data as Float32Array).slice(start, start + vocabularySize);
}

/** Expects the continuations that Hugging Face's generate gives. */
export async function expectGreedy(
  runtime: Pick<InferenceSession, 'run'>,
  greedy: typeof oracle.greedy = oracle.greedy,
  sizes: CacheSizes = gpt2Sizes,
): Promise<void> {
  for (const { prompt, continuation } of greedy) {
    const tokens = [...prompt];
    let [fresh, past] = [prompt, emptyPast(1, sizes)];
    while (tokens.length < prompt.length + continuation.length) {
      const mask = new Array<number>(tokens.length).fill(1);
      const positions = fresh.map((_, index) => tokens.length - fresh.length + index);
      const result = await step(runtime, [fresh], [mask], [positions], past);
      const logits = logitsAt(result.logits, 0, fresh.length - 1);
      fresh = [logits.indexOf(Math.max(...logits))];
      tokens.push(...fresh);
      past = result.past;
    }
    expect(tokens.slice(prompt.length)).toEqual(continuation);
  }
}
