import { TitlesmithError } from '../common/errors.js';
import { checkArgument, isTexts, required } from '../options/call-arguments.js';
import { assertComparable, withoutWhiteSpace } from './bigram-features.js';
import { BitCounters } from './bit-counters.js';
import { type Block, blockWords, buildInvertedIndex, type InvertedIndex } from './inverted-index.js';

/** A title and its rating, from 0 (no shared bigram) to 1. */
export interface Match {
  readonly rating: number;
  /** Position in the titles of the index. */
  readonly index: number;
}

/** Finds the titles most like a text. Ratings are bit-equal to string-similarity's compareTwoStrings. */
export interface SimilarityIndex {
  readonly titles: readonly string[];
  /**
   * The highest rating and the first title that has it; rating 0 and index 0 if no title shares a bigram.
   * @param floor ratings below it do not matter: where the highest is, any lower one may be returned, in less time. Default 0.
   */
  best(text: string, floor?: number): Match;
  /** All titles rated `threshold` or higher, highest rating first, then in the order of the titles. */
  atLeast(text: string, threshold: number): Match[];
}

/**
 * An exact index for the rating of the string-similarity package: of two texts' UTF-16 bigrams, white space
 * removed, 2·|shared| / (|a| + |b|) (Dice, "Measures of the Amount of Ecologic Association Between Species",
 * Ecology 26, 1945; Sørensen 1948). An inverted index (./inverted-index.ts) is searched with bounds that
 * cannot lose a title. One search at a time.
 *
 * @throws TitlesmithError `no-titles` for an empty list, `text-too-long` for a title beyond the bound.
 */
export function createSimilarityIndex(titles: readonly string[]): SimilarityIndex {
  checkArgument('createSimilarityIndex', 'titles', titles, required(isTexts));
  if (titles.length === 0) {
    throw new TitlesmithError('There are no titles to compare with.', {
      code: 'no-titles',
      hint: 'Give at least one training title.',
    });
  }
  const inverted = buildInvertedIndex(titles);
  const search = new SimilaritySearch(inverted);

  return {
    titles,
    best: (text, floor = 0) => {
      const compact = compactText(text);
      if (compact.length < 2) {
        const same = inverted.shortTitles.get(compact)?.[0];
        return same === undefined ? { rating: 0, index: 0 } : { rating: 1, index: same };
      }
      let rating = 0;
      let index = 0;
      search.visitAtLeast(compact, floor, (otherRating, otherIndex) => {
        if (otherRating > rating || (otherRating === rating && otherIndex < index)) {
          rating = otherRating;
          index = otherIndex;
        }
        return Math.max(rating, floor);
      });
      return { rating, index };
    },
    atLeast: (text, threshold) => {
      if (Number.isNaN(threshold)) throw new RangeError('threshold is not a number');
      const compact = compactText(text);
      const found: Match[] = [];
      if (compact.length < 2) {
        if (threshold <= 1) {
          for (const index of inverted.shortTitles.get(compact) ?? []) found.push({ rating: 1, index });
        }
      } else {
        // Titles that share nothing are not visited; a floor above 0 keeps the visits to those that do.
        search.visitAtLeast(compact, Math.max(threshold, Number.MIN_VALUE), (rating, index) => {
          if (rating >= threshold) found.push({ rating, index });
          return Math.max(threshold, Number.MIN_VALUE);
        });
      }
      if (threshold <= 0) addUnrelated(found, titles.length);
      return found.sort((a, b) => b.rating - a.rating || a.index - b.index);
    },
  };
}

function compactText(text: string): string {
  assertComparable(text, 'A text');
  return withoutWhiteSpace(text);
}

/** Adds the titles that are not yet in `found`, with rating 0. */
function addUnrelated(found: Match[], titles: number): void {
  const related = new Set(found.map((match) => match.index));
  for (let index = 0; index < titles; index++) if (!related.has(index)) found.push({ rating: 0, index });
}

/** Receives a title and its rating, and returns the new floor: ratings below it no longer matter. */
type Visitor = (rating: number, index: number) => number;

/**
 * Counting continues beyond what the bounds require while the remaining features hold more than this share of the needed
 * overlap: stopping earlier leaves many titles to check one by one. Tuned on 40,000 real titles; affects only speed.
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
 * remaining features could not lift an unseen title to the floor (the prefix filter of Chaudhuri, Ganti, Kaushik,
 * "A Primitive Operator for Similarity Joins in Data Cleaning", ICDE 2006, section 4), and look at a title
 * only when its count can still reach the floor. Every bound is computed by the rating's own expression:
 * rounding is monotone, so none is too low.
 */
class SimilaritySearch {
  private readonly counters = new BitCounters(blockWords);

  constructor(private readonly index: InvertedIndex) {}

  /**
   * Calls `visit` for every title that shares a bigram with `text` and rates at least the floor, and possibly for
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

/** Blocks outwards from the one whose titles have about `bigrams` bigrams, so that high ratings are found early. */
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
 * A smaller count cannot reach the floor even with all of `rest`. Lowered by 1 for rounding errors; at least 1.
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
