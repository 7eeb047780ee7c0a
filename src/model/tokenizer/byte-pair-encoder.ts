import { wordEnd } from './pre-tokenizer.js';
import { hashBetween, hashNext, hashPowers, TokenTable } from './token-table.js';

/** Rank of a pair that is no token. */
const none = 0x7fffffff;
/** Most bytes of UTF-8 for a UTF-16 unit. */
const bytesOfUnit = 3;
const utf8 = new TextEncoder();

/** Byte-pair encoding (Sennrich et al., 2016, section 3.2) of text, word by word; the id of a token is its rank. */
export class BytePairEncoder {
  private readonly table: TokenTable;
  /** The bytes of a word, the hashes of all that ends before each, and where its tokens begin, with the ranks of pairs. */
  private bytes = new Uint8Array(0);
  private hashes = new Int32Array(0);
  private powers = new Int32Array(0);
  private starts = new Int32Array(0);
  private ranks = new Int32Array(0);

  /** @param tokens byte strings in order of rank, with every single byte among them. */
  constructor(tokens: readonly string[]) {
    this.table = new TokenTable(tokens);
    this.makeRoom(64);
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

  /** Puts a word's bytes in UTF-8 and their hashes into the buffers. @returns the number of bytes. */
  private loadWord(text: string, start: number, end: number): number {
    if ((end - start) * bytesOfUnit > this.bytes.length) this.makeRoom((end - start) * bytesOfUnit);
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

  private makeRoom(bytes: number): void {
    this.bytes = new Uint8Array(bytes);
    this.hashes = new Int32Array(bytes + 1);
    this.powers = hashPowers(bytes + 1);
    this.starts = new Int32Array(bytes + 1);
    this.ranks = new Int32Array(bytes);
  }

  /** The id of the bytes `start` to `end` of the word; -1 where they are no token. */
  private find(start: number, end: number): number {
    const { hashes, powers } = this;
    const hash = hashBetween(hashes[start]!, hashes[end]!, powers[end - start]!);
    return this.table.find(this.bytes, start, end, hash);
  }

  /** The rank of the token that two neighbours make together. */
  private rankOfPair(first: number, count: number): number {
    if (first + 1 >= count) return none;
    const rank = this.find(this.starts[first]!, this.starts[first + 2]!);
    return rank < 0 ? none : rank;
  }

  /** Merges the pair of lowest rank, the first of equals, until none is a token. Quadratic in the length of the word. */
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
