import type { TokenIds, TokenizedTitles } from '../tokenizer/tokenized-titles.js';

/** Discounts of counts of 1, of 2, and of 3 or more. */
type Discounts = readonly [number, number, number];

/** For counts from which none can be estimated, as in tiny samples (those of KenLM's `--discount_fallback`). */
const fallbackDiscounts: Discounts = [0.5, 1, 1.5];

/** The n-grams of one order k. A key is the number whose digits, base V, are the tokens, the oldest first. */
interface Level {
  /** Sorted, each once. */
  readonly keys: Float64Array;
  /** How often each counts: see {@link NGramModel}. */
  readonly counts: Uint32Array;
  readonly discounts: Discounts;
  /** Keys of the k − 1 tokens before the last, sorted, each once. */
  readonly contexts: Float64Array;
  /** Sum of the counts after each context. */
  readonly totals: Float64Array;
  /** γ of each context: the share of the probability that the discounts set free. */
  readonly backoffs: Float64Array;
}

interface Vocabulary {
  /** V: tokens are 0 to V − 1. */
  readonly vocabularySize: number;
  /** The token that starts and ends every title. */
  readonly endOfTextId: number;
}

/**
 * An n-gram model of titles, of order 1 to 3: interpolated Kneser-Ney smoothing in its modified form (Chen and Goodman, "An
 * Empirical Study of Smoothing Techniques for Language Modeling", 1998, section 3):
 *
 *   p(w | h) = max(c(h w) − D(c(h w)), 0) / Σ c(h ·) + γ(h) · p(w | h without its oldest token)
 *
 * In the highest order c is the number of times an n-gram occurs; in the others the number of different tokens before it,
 * or the times it occurs if it begins with the start of a title, before which there is nothing. D and γ as in the paper,
 * from the counts of each order. The lowest order is interpolated with the uniform distribution over all V tokens, so
 * that probabilities add up to 1 over the vocabulary and none is 0. A title is one start token, its tokens and the end
 * token; the end is predicted, the start is not. Memory: 8 to 40 bytes a token of the titles.
 */
export class NGramModel {
  private constructor(
    private readonly order: number,
    private readonly vocabulary: Vocabulary,
    /** Of order 1, 2, … */
    private readonly levels: readonly Level[],
  ) {}

  /** @param order 1 to 3, so that a key, below V³ = 2⁴⁸, is exact. */
  static train(titles: TokenizedTitles, order: 1 | 2 | 3, vocabulary: Vocabulary): NGramModel {
    const { vocabularySize } = vocabulary;
    const levels: Level[] = [];
    let keys = occurrences(titles, order, vocabulary);
    for (let k: number = order; k >= 1; k--) {
      const level = countLevel(keys, vocabularySize);
      levels.unshift(level);
      if (k > 1) {
        const suffixes = level.keys.map((key) => key % vocabularySize ** (k - 1));
        keys = joined(suffixes, k > 2 ? beginnings(titles, vocabulary) : new Float64Array());
      }
    }
    return new NGramModel(order, vocabulary, levels);
  }

  /**
   * p(token | history).
   * @param history the tokens of the title so far, the start token first; only the last `order` − 1 count.
   */
  probability(history: ArrayLike<number>, token: number): number {
    const { vocabularySize } = this.vocabulary;
    const used = Math.min(history.length, this.order - 1);
    let context = 0;
    for (let index = history.length - used; index < history.length; index++)
      context = context * vocabularySize + history[index]!;
    return this.probabilityAt(used + 1, context, token);
  }

  /** −ln of the probability of a title: of its tokens and the end token, given the start. */
  nats(title: TokenIds): number {
    const { endOfTextId } = this.vocabulary;
    const text = [endOfTextId, ...title, endOfTextId];
    let nats = 0;
    for (let index = 1; index < text.length; index++) {
      const history = text.slice(Math.max(0, index + 1 - this.order), index);
      nats -= Math.log(this.probability(history, text[index]!));
    }
    return nats;
  }

  private probabilityAt(k: number, context: number, token: number): number {
    const { vocabularySize } = this.vocabulary;
    const shorter = context % vocabularySize ** (k - 2);
    const lower = k === 1 ? 1 / vocabularySize : this.probabilityAt(k - 1, shorter, token);
    const { keys, counts, discounts, contexts, totals, backoffs } = this.levels[k - 1]!;
    const place = indexOf(contexts, context);
    if (place === undefined) return lower;
    const found = indexOf(keys, context * vocabularySize + token);
    const kept = found === undefined ? 0 : counts[found]! - discountOf(counts[found]!, discounts);
    return kept / totals[place]! + backoffs[place]! * lower;
  }
}

const discountOf = (count: number, discounts: Discounts): number => discounts[Math.min(count, 3) - 1]!;

/** The keys of all n-grams of the titles, as often as they occur. The start token stands in a context alone. */
function occurrences(
  titles: TokenizedTitles,
  order: number,
  { vocabularySize, endOfTextId }: Vocabulary,
): Float64Array {
  const count = titles.offsets.length - 1;
  const keys = new Float64Array(titles.offsets[count]! + count);
  let length = 0;
  for (let title = 0; title < count; title++) {
    const text = [endOfTextId, ...titles.tokensOf(title), endOfTextId];
    let key = 0;
    for (const [index, token] of text.entries()) {
      key = (key % vocabularySize ** (order - 1)) * vocabularySize + token;
      if (index > 0 && index + 1 >= order) keys[length++] = key;
    }
  }
  return keys.subarray(0, length);
}

/** The keys of the first two tokens of each title, of which the first is the start. */
function beginnings(titles: TokenizedTitles, { vocabularySize, endOfTextId }: Vocabulary): Float64Array {
  return Float64Array.from(
    { length: titles.offsets.length - 1 },
    (_, title) => endOfTextId * vocabularySize + (titles.tokensOf(title)[0] ?? endOfTextId),
  );
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Counts equal keys, and what follows from the counts. @param occurring sorted in place. */
function countLevel(occurring: Float64Array, vocabularySize: number): Level {
  const { keys, counts } = countRuns(occurring.sort());
  const discounts = estimateDiscounts(counts);
  const { keys: contexts, counts: sizes } = countRuns(keys.map((key) => Math.floor(key / vocabularySize)));
  const [totals, backoffs] = [new Float64Array(contexts.length), new Float64Array(contexts.length)];
  let index = 0;
  for (const [context, size] of sizes.entries()) {
    let [total, freed] = [0, 0];
    for (const end = index + size; index < end; index++) {
      total += counts[index]!;
      freed += discountOf(counts[index]!, discounts);
    }
    totals[context] = total;
    backoffs[context] = freed / total;
  }
  return { keys, counts, discounts, contexts, totals, backoffs };
}

function countRuns(sorted: Float64Array): { readonly keys: Float64Array; readonly counts: Uint32Array } {
  let different = 0;
  for (let index = 0; index < sorted.length; index++) {
    if (index === 0 || sorted[index] !== sorted[index - 1]) different++;
  }
  const [keys, counts] = [new Float64Array(different), new Uint32Array(different)];
  let last = -1;
  for (const key of sorted) {
    if (last < 0 || key !== keys[last]) keys[++last] = key;
    counts[last]! += 1;
  }
  return { keys, counts };
}

/**
 * D₁, D₂ and D₃ from the number of n-grams that count 1, 2, 3 and 4 times (Chen and Goodman 1998, equation 17).
 */
function estimateDiscounts(counts: Uint32Array): Discounts {
  const having = [0, 0, 0, 0, 0];
  for (const count of counts) if (count <= 4) having[count]! += 1;
  const [, n1, n2, n3, n4] = having as [number, number, number, number, number];
  const y = n1 / (n1 + 2 * n2);
  const estimated: Discounts = [1 - 2 * y * (n2 / n1), 2 - 3 * y * (n3 / n2), 3 - 4 * y * (n4 / n3)];
  const isUsable = estimated.every((discount, index) => discount > 0 && discount <= index + 1);
  return isUsable ? estimated : fallbackDiscounts;
}

/** Where a sorted array has a value; undefined if it does not. */
function indexOf(sorted: Float64Array, value: number): number | undefined {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value ? low : undefined;
}
