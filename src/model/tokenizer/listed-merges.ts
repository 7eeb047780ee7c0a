import { fromAlphabet, toAlphabet } from './byte-alphabet.js';
import type { TokenizerDescription } from './description.js';
import { wordEnd } from './pre-tokenizer.js';

/** Rank of a pair that is not merged. */
const none = 0x7fffffff;
/** Words kept with their tokens: titles use the same few thousand again and again. */
const rememberedWords = 50_000;
const utf8 = new TextEncoder();
/** Each character that stands for a number, as one word; `tokenizers` takes all of Unicode's for digits. */
const digits = /(\p{N})/u;

/** A hash table from pairs of token ids to their rank. Open addressing with linear probing. */
class PairRanks {
  private readonly slots: Int32Array;
  private readonly firsts: Int32Array;
  private readonly seconds: Int32Array;

  /** @param pairs in order of rank; of two that are the same the later one counts. */
  constructor(pairs: readonly (readonly [number, number])[]) {
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * pairs.length + 2))).fill(none);
    this.firsts = Int32Array.from(pairs, ([first]) => first);
    this.seconds = Int32Array.from(pairs, ([, second]) => second);
    for (const [rank, [first, second]] of pairs.entries()) this.slots[this.slotOf(first, second)] = rank;
  }

  /** The rank of a pair; `none` if there is no such pair. */
  rankOf(first: number, second: number): number {
    return this.slots[this.slotOf(first, second)]!;
  }

  /** The slot that holds a pair, or could. */
  private slotOf(first: number, second: number): number {
    const { slots, firsts, seconds } = this;
    const last = slots.length - 1;
    const hash = Math.imul(Math.imul(first, 0x9e3779b1) + second, 0x85ebca6b);
    for (let slot = (hash ^ (hash >>> 15)) & last; ; slot = (slot + 1) & last) {
      const rank = slots[slot]!;
      if (rank === none || (firsts[rank] === first && seconds[rank] === second)) return slot;
    }
  }
}

/**
 * Byte-pair encoding by a list of merges, for tokens with any ids. What GPT-2's own layout allows, to find merges by the
 * bytes of their result, is not assumed here: two merges may have the same result, and a byte may have no token.
 */
export class ListedMerges {
  private readonly ranks: PairRanks;
  /** The id of the result of each merge. */
  private readonly results: Int32Array;
  /** The id of each byte; −1 where it has none. */
  private readonly bytes: Int32Array;
  private readonly digitsApart: boolean;
  /** The ids of words that are taken whole, by their name in the vocabulary. */
  private readonly whole: ReadonlyMap<string, number>;
  private readonly known = new Map<string, readonly number[]>();

  /** @param unknownId stands for bytes without a token; undefined: these are left out. */
  constructor(
    { vocabulary, merges, added, digitsApart, ignoresMerges = false }: TokenizerDescription,
    private readonly unknownId: number | undefined,
  ) {
    this.ranks = new PairRanks(
      merges.map(([first, second]) => [vocabulary.get(first)!, vocabulary.get(second)!]),
    );
    this.results = Int32Array.from(merges, ([first, second]) => vocabulary.get(first + second)!);
    this.bytes = new Int32Array(256).fill(-1);
    for (const [name, id] of vocabulary) {
      const byte = name.length === 1 ? fromAlphabet(name) : undefined;
      if (byte !== undefined) this.bytes[byte.charCodeAt(0)] = id;
    }
    this.digitsApart = digitsApart;
    // No text is read as a special token.
    const special = new Set(added.filter((token) => token.special).map(({ id }) => id));
    this.whole = new Map(ignoresMerges ? [...vocabulary].filter(([, id]) => !special.has(id)) : []);
  }

  /** Appends the tokens of a text to a list. */
  encode(text: string, into: number[]): void {
    for (const part of this.digitsApart ? text.split(digits) : [text]) {
      for (let start = 0; start < part.length; ) {
        const end = wordEnd(part, start);
        for (const id of this.idsOf(part.slice(start, end))) into.push(id);
        start = end;
      }
    }
  }

  private idsOf(word: string): readonly number[] {
    const known = this.known.get(word);
    if (known) return known;
    const ids = this.wholeWord(word) ?? this.merge(word);
    if (this.known.size < rememberedWords) this.known.set(word, ids);
    return ids;
  }

  private wholeWord(word: string): readonly number[] | undefined {
    if (this.whole.size === 0) return undefined;
    const id = this.whole.get(
      toAlphabet(Array.from(utf8.encode(word), (byte) => String.fromCharCode(byte)).join('')),
    );
    return id === undefined ? undefined : [id];
  }

  /** Merges the first pair of the lowest rank until none is listed. Quadratic in the length of the word. */
  private merge(word: string): number[] {
    const ids: number[] = [];
    for (const byte of utf8.encode(word)) {
      const id = this.bytes[byte]!;
      if (id >= 0) ids.push(id);
      else if (this.unknownId !== undefined) ids.push(this.unknownId);
    }
    const ranks = ids.map((id, index) => this.rankAfter(ids, index, id));
    for (;;) {
      let [best, bestRank] = [-1, none];
      for (let index = 0; index < ranks.length; index++) {
        if (ranks[index]! < bestRank) [best, bestRank] = [index, ranks[index]!];
      }
      if (best < 0) return ids;
      ids[best] = this.results[bestRank]!;
      ids.splice(best + 1, 1);
      ranks.splice(best + 1, 1);
      ranks[best] = this.rankAfter(ids, best, ids[best]!);
      if (best > 0) ranks[best - 1] = this.rankAfter(ids, best - 1, ids[best - 1]!);
    }
  }

  private rankAfter(ids: readonly number[], index: number, id: number): number {
    const next = ids[index + 1];
    return next === undefined ? none : this.ranks.rankOf(id, next);
  }
}
