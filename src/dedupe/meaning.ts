import { InterruptedError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { type ArgumentCheck, hasMethod } from '../options/call-arguments.js';

/** A sentence model, as `openSentenceModel` gives one. Vectors are rows of float32, each of length 1. */
export interface SentenceEmbedder {
  /** Numbers of a vector. */
  readonly width: number;
  /** What it is and what identifies its content, one line; recorded. */
  readonly description: string;
  /** @returns float32[texts, {@link width}]. */
  embed(texts: readonly string[], context: WorkContext): Promise<Float32Array>;
  /** Dot products of all rows of two matrices: float32[rows of `a`, rows of `b`]. */
  dotProducts(a: Float32Array, b: Float32Array): Promise<Float32Array>;
  /** Undefined: titles are compared as wholes alone. */
  readonly tokens?: TokenReader | undefined;
}

/** What all-MiniLM-L6-v2 makes of single tokens: the likeness of two titles is fitted to these vectors. */
export interface TokenReader {
  /** The ids of a text's tokens. */
  idsOf(text: string): readonly number[];
  /** @returns by text: float32[tokens, width], rows of length 1. */
  vectorsOf(texts: readonly string[], context: WorkContext): Promise<readonly Float32Array[]>;
}

export const isSentenceEmbedder: ArgumentCheck = hasMethod(
  'embed',
  'sentence model, as openSentenceModel returns it',
);

/** The training title closest to a text in meaning. */
export interface ClosestMeaning {
  /** Cosine of their vectors, from -1 to 1, to four decimals: further ones differ between processors. */
  readonly cosine: number;
  /** The first title that has it. */
  readonly matched: string;
  /** Mean cosine of the ten next titles; of those that there are, 0 where there are none. */
  readonly crowd: number;
  /** Log odds that the text says what the title says; undefined where that was not looked at (./likeness.ts). */
  readonly likeness?: number | undefined;
}

/** How far a search is: for each text the best of the titles so far. Plain data, so that it can be stored. */
export interface MeaningSearchState {
  /** Titles searched. */
  readonly titles: number;
  /** The highest cosines in ten-thousandths, the highest first, by text. */
  readonly cosines: readonly (readonly number[])[];
  /** Positions of the titles that have the first of them. */
  readonly closest: readonly number[];
}

/** Where a search leaves its state, so that it can go on after it was cut short. */
export interface MeaningSearchStore {
  /** The state that an earlier search of the same texts and titles left. */
  readonly state: MeaningSearchState | undefined;
  save(state: MeaningSearchState): Promise<void>;
}

/** Texts or titles embedded between two looks at the signal. */
const textsPerBlock = 512;
/** Blocks between two states that are saved: half a minute or so. */
const blocksPerSave = 16;
const tenThousandths = 10_000;
/** The closest title, and ten more that say how crowded its neighbourhood is. */
const mostCosines = 11;
/** In ten-thousandths: a half is rounded up, and sums of float32 are off by less than a tenth. */
const leastRise = 0.4;

/**
 * The title closest to each text in meaning, among all titles: exact, block by block. Memory: the vectors of the different
 * texts (1.5 KB each at 384 numbers) and of one block of titles; never those of all titles.
 * @returns by text.
 * @throws InterruptedError when the context asks to stop, the state saved.
 */
export async function findClosestMeanings(
  texts: readonly string[],
  titles: readonly string[],
  embedder: SentenceEmbedder,
  context: WorkContext,
  store?: MeaningSearchStore,
): Promise<ReadonlyMap<string, ClosestMeaning>> {
  const different = [...new Set(texts)];
  const queries = await embedAll(different, embedder, context);
  const fits = store?.state?.cosines.length === different.length && store.state.titles <= titles.length;
  const state = fits ? store?.state : undefined;
  const cosines = different.map((_, text) => [...(state?.cosines[text] ?? [])]);
  const closest = state ? [...state.closest] : different.map(() => 0);
  const report = (done: number): void =>
    context.onProgress({
      kind: 'progress',
      label: 'Comparing by meaning',
      done,
      total: titles.length,
      unit: 'titles',
    });
  let done = state?.titles ?? 0;
  const save = async (): Promise<void> => store?.save({ titles: done, cosines, closest });
  for (let block = 1; different.length > 0 && done < titles.length; block++) {
    report(done);
    if (context.signal.aborted) {
      await save();
      throw new InterruptedError();
    }
    const rows = titles.slice(done, done + textsPerBlock);
    const vectors = await embedder.embed(rows, neverStopped(context));
    const products = await embedder.dotProducts(queries, vectors);
    for (const [text, best] of cosines.entries()) {
      for (let row = 0; row < rows.length; row++) {
        // Far too small for what is computed exactly to round to more; few are left.
        const least = best.length < mostCosines ? Number.NEGATIVE_INFINITY : best.at(-1)!;
        if (products[text * rows.length + row]! * tenThousandths < least + leastRise) continue;
        const cosine = Math.round(dotProduct(queries, text, vectors, row, embedder.width) * tenThousandths);
        if (cosine <= least) continue;
        if (cosine > (best[0] ?? Number.NEGATIVE_INFINITY)) closest[text] = done + row;
        best.push(cosine);
        best.sort((a, b) => b - a);
        best.length = Math.min(best.length, mostCosines);
      }
    }
    done += rows.length;
    if (block % blocksPerSave === 0) await save();
  }
  report(titles.length);
  if (different.length > 0) await save();
  return new Map(
    different.map((text, i) => {
      const [best = 0, ...others] = cosines[i]!;
      const sum = others.reduce((total, cosine) => total + cosine, 0);
      const crowd = sum / tenThousandths / (others.length || 1);
      return [text, { cosine: Math.min(1, best / tenThousandths), matched: titles[closest[i]!]!, crowd }];
    }),
  );
}

/** In 64 bits and in one order, so that it is the same wherever it is computed. */
function dotProduct(a: Float32Array, i: number, b: Float32Array, j: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += a[i * width + k]! * b[j * width + k]!;
  return sum;
}

/** The vectors of texts, block by block, with its progress. */
async function embedAll(
  texts: readonly string[],
  embedder: SentenceEmbedder,
  context: WorkContext,
): Promise<Float32Array> {
  const vectors = new Float32Array(texts.length * embedder.width);
  const label = 'Embedding outputs and held-out titles';
  for (let done = 0; done < texts.length; done += textsPerBlock) {
    context.onProgress({ kind: 'progress', label, done, total: texts.length, unit: 'titles' });
    const block = texts.slice(done, done + textsPerBlock);
    vectors.set(await embedder.embed(block, context), done * embedder.width);
  }
  return vectors;
}

/** A block is finished once it is begun: what it found is saved whole. */
function neverStopped({ onProgress }: WorkContext): WorkContext {
  return { onProgress, signal: { aborted: false } };
}
