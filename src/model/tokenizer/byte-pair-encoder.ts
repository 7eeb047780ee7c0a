import { wordEnd } from './pre-tokenizer.js';
import { hashBetween, hashNext, hashPowers, TokenTable } from './token-table.js';

/** Rank of a pair that is not a token. */
const none = 0x7fffffff;
/** Most UTF-8 bytes of a UTF-16 code unit. */
const maximumBytesPerUnit = 3;
const utf8 = new TextEncoder();

/** Byte-pair encoding (Sennrich et al., 2016, section 3.2) of text, word by word; the id of a token is its rank. */
export class BytePairEncoder {
  private readonly table: TokenTable;
  /** Buffers of a word: its bytes, hashes of their prefixes, where its tokens begin, and the ranks of token pairs. */
  private bytes = new Uint8Array(0);
  private hashes = new Int32Array(0);
  private powers = new Int32Array(0);
  private starts = new Int32Array(0);
  private ranks = new Int32Array(0);

  /** @param tokens byte strings in order of rank, including every single byte. */
  constructor(tokens: readonly string[]) {
    this.table = new TokenTable(tokens);
    this.allocateBuffers(64);
  }

  encode(text: string): number[] {
    const tokens: number[] = [];
    for (let start = 0; start < text.length; ) {
      const end = wordEnd(text, start);
      const length = this.loadWord(text, start, end);
      const whole = this.find(0, length);
      if (whole >= 0) tokens.push(whole);
      else this.merge(length, tokens);
      start = end;
    }
    return tokens;
  }

  /** Writes a word's UTF-8 bytes and their prefix hashes into the buffers. @returns the number of bytes. */
  private loadWord(text: string, start: number, end: number): number {
    if ((end - start) * maximumBytesPerUnit > this.bytes.length)
      this.allocateBuffers((end - start) * maximumBytesPerUnit);
    const { bytes, hashes } = this;
    let length = 0;
    for (let at = start; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code >= 0x80) {
        length = utf8.encodeInto(text.slice(start, end), bytes).written;
        break;
      }
      bytes[length++] = code;
    }
    let hash = 0;
    for (let at = 0; at < length; at++) {
      hash = hashNext(hash, bytes[at]!);
      hashes[at + 1] = hash;
    }
    return length;
  }

  private allocateBuffers(bytes: number): void {
    this.bytes = new Uint8Array(bytes);
    this.hashes = new Int32Array(bytes + 1);
    this.powers = hashPowers(bytes + 1);
    this.starts = new Int32Array(bytes + 1);
    this.ranks = new Int32Array(bytes);
  }

  /** The id of the token with the word's bytes from `start` to `end`; -1 if there is none. */
  private find(start: number, end: number): number {
    const { hashes, powers } = this;
    const hash = hashBetween(hashes[start]!, hashes[end]!, powers[end - start]!);
    return this.table.find(this.bytes, start, end, hash);
  }

  /** The rank of the token that a token and its right neighbour form; `none` if they form none. */
  private rankOfPair(first: number, count: number): number {
    if (first + 1 >= count) return none;
    const rank = this.find(this.starts[first]!, this.starts[first + 2]!);
    return rank < 0 ? none : rank;
  }

  /** Merges the first pair of the lowest rank until no pair is a token. Quadratic in the length of the word. */
  private merge(length: number, tokens: number[]): void {
    const { starts, ranks } = this;
    let count = length;
    for (let index = 0; index <= count; index++) starts[index] = index;
    for (let index = 0; index < count; index++) ranks[index] = this.rankOfPair(index, count);
    for (;;) {
      let [best, bestRank] = [-1, none];
      for (let index = 0; index < count - 1; index++) {
        if (ranks[index]! < bestRank) [best, bestRank] = [index, ranks[index]!];
      }
      if (best < 0) break;
      for (let index = best + 1; index < count; index++) {
        starts[index] = starts[index + 1]!;
        ranks[index] = ranks[index + 1]!;
      }
      count -= 1;
      ranks[best] = this.rankOfPair(best, count);
      if (best > 0) ranks[best - 1] = this.rankOfPair(best - 1, count);
    }
    for (let index = 0; index < count; index++) tokens.push(this.find(starts[index]!, starts[index + 1]!));
  }
}
