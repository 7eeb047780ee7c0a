import { BitCounters } from './bit-counters.js';
import { type Block, blockWords, type InvertedIndex } from './inverted-index.js';

/** Receives a title and its rating, and answers the new floor: ratings below it are of no more interest. */
export type Visitor = (rating: number, index: number) => number;

/**
 * Counting goes on past what the bounds demand while more than this part of the needed overlap lies in the
 * features left: stopping earlier leaves many titles to look at one by one. Tuned on 40,000 real titles; only
 * speed depends on it.
 */
const restShare = 0.4;

/** A text as features of the index: those with a list, and those with a row, the rarest first. */
interface Query {
  readonly bigrams: number;
  readonly known: number;
  readonly listed: readonly number[];
  readonly rows: readonly number[];
}

/**
 * Searches an inverted index for titles that rate at least a floor. All titles of a block are counted
 * together, the rarest features first. Bounds skip blocks of unfit length, stop counting as soon as the
 * features left could not lift an unseen title to the floor (the prefix filter of Chaudhuri, Ganti, Kaushik,
 * "A Primitive Operator for Similarity Joins in Data Cleaning", ICDE 2006, section 4), and look at a title
 * only when its count can still reach the floor. Every bound is computed by the rating's own expression:
 * rounding is monotone, so none is too low.
 */
export class SimilaritySearch {
  private readonly counters = new BitCounters(blockWords);

  constructor(private readonly index: InvertedIndex) {}

  /**
   * Calls `visit` for every title that shares a bigram with `text` and rates at least the floor, and for some
   * others.
   * @param text without white space, at least 2 code units.
   */
  visitAtLeast(text: string, startFloor: number, visit: Visitor): void {
    const query = this.parse(text);
    if (query.known === 0) return;
    let floor = startFloor;
    for (const block of blocksOutwards(this.index.blocks, query.bigrams)) {
      if (ceiling(query, block) >= floor) floor = this.visitBlock(query, block, floor, visit);
    }
  }

  private parse(text: string): Query {
    const { features, frequencies, rowOfFeature } = this.index;
    const ids = features.known(text).sort((a, b) => frequencies[a]! - frequencies[b]!);
    return {
      bigrams: text.length - 1,
      known: ids.length,
      listed: ids.filter((id) => rowOfFeature[id] === 0),
      rows: ids.map((id) => rowOfFeature[id]!).filter((row) => row > 0),
    };
  }

  private visitBlock(query: Query, block: Block, startFloor: number, visit: Visitor): number {
    const { counters, index } = this;
    const counted = this.count(query, block, startFloor);
    const rest = query.rows.length - counted;
    const least = query.bigrams + block.shortest;
    let floor = startFloor;
    let fewest = fewestShared(floor, least, rest);
    const words = Math.ceil((block.endPlace - block.firstPlace) / 32);
    for (let word = 0; word < words; word++) {
      for (let mask = counters.atLeast(word, fewest); mask !== 0; mask &= mask - 1) {
        const bit = 31 - Math.clz32(mask & -mask);
        const place = block.firstPlace + 32 * word + bit;
        const both = query.bigrams + index.bigramsOfPlace[place]!;
        let shared = counters.countAt(word, bit);
        if ((2 * (shared + rest)) / both < floor) continue;
        if (rest > 0) shared += this.sharedRows(query.rows, counted, place);
        floor = visit((2 * shared) / both, index.titleOfPlace[place]!);
        fewest = fewestShared(floor, least, rest);
      }
    }
    return floor;
  }

  /** Counts the shared features of a block's titles. @returns how many of the query's rows were counted. */
  private count(query: Query, block: Block, floor: number): number {
    const { counters, index } = this;
    const { firstPlace, endPlace } = block;
    counters.clear(query.known);
    for (const feature of query.listed) {
      const listEnd = index.listOffsets[feature + 1]!;
      const first = lowerBound(index.lists, index.listOffsets[feature]!, listEnd, firstPlace);
      const last = lowerBound(index.lists, first, listEnd, endPlace);
      counters.addPlaces(index.lists, first, last, firstPlace);
    }
    const least = query.bigrams + block.shortest;
    const words = Math.ceil((endPlace - firstPlace) / 32);
    let counted = 0;
    while (counted < query.rows.length) {
      const rest = query.rows.length - counted;
      const mayHide = (2 * rest) / least >= floor;
      if (!mayHide && 2 * rest <= restShare * floor * least) break;
      const starts: number[] = [];
      for (let i = 0; i < 7; i++) {
        starts.push((query.rows[counted + i] ?? 0) * index.rowWords + firstPlace / 32);
      }
      counters.addSevenRows(index.rows, starts, words);
      counted = Math.min(counted + 7, query.rows.length);
    }
    return counted;
  }

  /** How many of `rows` from `start` on have the bit of `place`. */
  private sharedRows(rows: readonly number[], start: number, place: number): number {
    const { index } = this;
    const word = place >>> 5;
    let shared = 0;
    for (let i = start; i < rows.length; i++) {
      shared += (index.rows[rows[i]! * index.rowWords + word]! >>> (place & 31)) & 1;
    }
    return shared;
  }
}

/** Blocks from the one whose titles are about `bigrams` long outwards: high ratings are found early. */
function* blocksOutwards(blocks: readonly Block[], bigrams: number): Generator<Block> {
  const middle = blocks.findIndex((block) => block.longest >= bigrams);
  let above = middle < 0 ? blocks.length : middle;
  let below = above - 1;
  while (below >= 0 || above < blocks.length) {
    if (above < blocks.length) yield blocks[above++]!;
    if (below >= 0) yield blocks[below--]!;
  }
}

/** The highest rating that the lengths in a block and the number of known features allow. */
function ceiling(query: Query, block: Block): number {
  const fittest = Math.min(Math.max(query.known, block.shortest), block.longest);
  return (2 * Math.min(query.known, fittest)) / (query.bigrams + fittest);
}

/**
 * A count below this cannot reach the floor even with all of `rest`; 1 lower than computed, for rounding; at
 * least 1.
 */
function fewestShared(floor: number, least: number, rest: number): number {
  return Math.max(1, Math.floor((floor * least) / 2) - rest - 1);
}

/** First position in [low, high) of `sorted` that holds `value` or more; `high` if none. */
function lowerBound(sorted: Int32Array, low: number, high: number, value: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
