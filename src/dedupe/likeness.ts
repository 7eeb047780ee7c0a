import type { WorkContext } from '../common/progress.js';
import type { ClosestMeaning, SentenceEmbedder, TokenReader } from './meaning.js';

/** Titles further from a text in meaning are not looked at token by token. */
export const candidateCosine = 0.65;

/**
 * A logistic regression: the log odds that a text says what its closest title says, paraphrases being as many as other
 * texts. Fitted on the tokens of all-MiniLM-L6-v2 (docs/overfitting.md): likeness can only count for, a difference only against.
 */
const weights = {
  constant: 3.85,
  cosine: 1.89,
  highCosine: 87.7,
  crowd: -16.4,
  unmatchedInText: -0.448,
  unmatchedInTitle: -0.585,
  ofTheRest: 21.5,
  lengthRatio: -3.16,
  length: 1.8,
};
/** Above, each hundredth of the cosine counts more: a title turned around, whatever its few other words are. */
const highCosine = 0.9;
/** Likeness of what is left of two titles that counts neither for a paraphrase nor against. */
const evenRest = 0.5;
/** Pairs whose tokens are in memory at a time. */
const pairsPerBlock = 128;

/** A text's tokens: ids, and float32[tokens, width] of vectors of length 1. */
export interface ReadTokens {
  readonly ids: readonly number[];
  readonly vectors: Float32Array;
}

/** How rare a token is, from 0 (in every title) to 1 (in none). */
type TokenRarity = (id: number) => number;

/** Rarity by the number of titles that have a token: ln((n + 1) / (that + 1)) / ln(n + 1). */
export function rarityAmong(titles: readonly string[], { idsOf }: Pick<TokenReader, 'idsOf'>): TokenRarity {
  const counts = new Map<number, number>();
  for (const title of titles)
    for (const id of new Set(idsOf(title))) counts.set(id, (counts.get(id) ?? 0) + 1);
  const whole = Math.log(titles.length + 1);
  return (id) => 1 - Math.log((counts.get(id) ?? 0) + 1) / whole;
}

/**
 * How likely a text says what a title says, as log odds to two decimals, from what their tokens have in common.
 * @param meaning the cosine of the two, and how close the text's next titles are.
 * @returns undefined where one of them has no tokens.
 */
export function likenessOf(
  text: ReadTokens,
  title: ReadTokens,
  meaning: Pick<ClosestMeaning, 'cosine' | 'crowd'>,
  rarity: TokenRarity,
): number | undefined {
  if (text.ids.length === 0 || title.ids.length === 0) return undefined;
  const lengths = Math.log((text.ids.length + 1) / (title.ids.length + 1));
  const logOdds =
    weights.constant +
    weights.cosine * meaning.cosine +
    weights.highCosine * Math.max(0, meaning.cosine - highCosine) +
    weights.crowd * meaning.crowd +
    weights.unmatchedInText * unmatched(text, title, rarity) +
    weights.unmatchedInTitle * unmatched(title, text, rarity) +
    weights.ofTheRest * likenessOfRest(text, title, rarity) +
    weights.lengthRatio * Math.abs(lengths) +
    weights.length * Math.log(text.ids.length + 1);
  return Math.round(logOdds * 100) / 100;
}

/** Of each token its rarity, times its distance from the closest token of the other: what the other does not say. */
function unmatched(of: ReadTokens, other: ReadTokens, rarity: TokenRarity): number {
  const width = of.vectors.length / of.ids.length;
  let sum = 0;
  for (const [i, id] of of.ids.entries()) {
    let best = -1;
    for (let j = 0; j < other.ids.length; j++) {
      let product = 0;
      for (let k = 0; k < width; k++) product += of.vectors[i * width + k]! * other.vectors[j * width + k]!;
      best = Math.max(best, product);
    }
    sum += rarity(id) * (1 - best);
  }
  return sum;
}

/**
 * Cosine of the sums, by rarity, of the tokens that only one of the two has, less {@link evenRest}: other words for the same,
 * or another matter. Times the share of the titles that these tokens are, by rarity; 0 where one of the two has none.
 */
function likenessOfRest(text: ReadTokens, title: ReadTokens, rarity: TokenRarity): number {
  const [a, b] = [restOf(text, title, rarity), restOf(title, text, rarity)];
  let [product, left, right] = [0, 0, 0];
  for (const [i, value] of a.sum.entries()) {
    product += value * b.sum[i]!;
    left += value * value;
    right += b.sum[i]! * b.sum[i]!;
  }
  if (left === 0 || right === 0) return 0;
  return ((product / Math.sqrt(left * right) - evenRest) * (a.share + b.share)) / 2;
}

/** Of the tokens that the other lacks: their vectors' sum, each times its rarity, and their share in the rarity of all. */
function restOf(
  of: ReadTokens,
  other: ReadTokens,
  rarity: TokenRarity,
): { readonly sum: Float64Array; readonly share: number } {
  const width = of.vectors.length / of.ids.length;
  const known = new Set(other.ids);
  const sum = new Float64Array(width);
  let [rest, whole] = [0, 0];
  for (const [i, id] of of.ids.entries()) {
    const weight = rarity(id);
    whole += weight;
    if (known.has(id)) continue;
    rest += weight;
    for (let k = 0; k < width; k++) sum[k]! += weight * of.vectors[i * width + k]!;
  }
  return { sum, share: rest / (whole || 1) };
}

/**
 * The second look at texts that are close to a title: each with the {@link likenessOf} that it has to it.
 * @returns the meanings, those of cosine {@link candidateCosine} or more with their likeness; all as they are where the embedder
 *   reads no tokens.
 * @throws InterruptedError when the context asks to stop.
 */
export async function addLikeness(
  meanings: ReadonlyMap<string, ClosestMeaning>,
  titles: readonly string[],
  { tokens }: SentenceEmbedder,
  context: WorkContext,
): Promise<ReadonlyMap<string, ClosestMeaning>> {
  if (!tokens) return meanings;
  const near = [...meanings].filter(([, { cosine }]) => cosine >= candidateCosine);
  const rarity = rarityAmong(titles, tokens);
  const looked = new Map(meanings);
  const read = async (texts: readonly string[]): Promise<ReadTokens[]> => {
    const vectors = await tokens.vectorsOf(texts, context);
    return texts.map((text, i) => ({ ids: tokens.idsOf(text), vectors: vectors[i]! }));
  };
  for (let done = 0; done < near.length; done += pairsPerBlock) {
    context.onProgress({
      kind: 'progress',
      label: 'Comparing token by token',
      done,
      total: near.length,
      unit: 'titles',
    });
    const block = near.slice(done, done + pairsPerBlock);
    const texts = await read(block.map(([text]) => text));
    const matched = await read(block.map(([, meaning]) => meaning.matched));
    for (const [i, [text, meaning]] of block.entries())
      looked.set(text, { ...meaning, likeness: likenessOf(texts[i]!, matched[i]!, meaning, rarity) });
  }
  return looked;
}
