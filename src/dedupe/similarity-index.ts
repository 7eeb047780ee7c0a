import { TitlesmithError } from '../common/errors.js';
import { assertComparable, withoutWhiteSpace } from './bigram-features.js';
import { buildInvertedIndex } from './inverted-index.js';
import { SimilaritySearch } from './similarity-search.js';

/** A title and how alike it is, from 0 (no bigram shared) to 1. */
export interface Match {
  readonly rating: number;
  /** Position in the titles the index was made of. */
  readonly index: number;
}

/** Finds the titles most like a text. Ratings are bit-equal to string-similarity's compareTwoStrings. */
export interface SimilarityIndex {
  readonly titles: readonly string[];
  /** The highest rating and the first title that has it; rating 0 and title 0 where none shares a bigram. */
  best(text: string): Match;
  /** All titles rated `threshold` or higher, highest rating first, then in the order of the titles. */
  atLeast(text: string, threshold: number): Match[];
}

/**
 * An exact index for the Sørensen-Dice rating of the string-similarity package over UTF-16 bigrams: an
 * inverted index (./inverted-index.ts) searched with bounds that cannot lose a title
 * (./similarity-search.ts). Not reentrant.
 *
 * @throws TitlesmithError `no-titles` for an empty list, `text-too-long` for a title beyond the bound.
 */
export function createSimilarityIndex(titles: readonly string[]): SimilarityIndex {
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
    best: (text) => {
      const compact = compactText(text);
      if (compact.length < 2) {
        const same = inverted.shortTitles.get(compact)?.[0];
        return same === undefined ? { rating: 0, index: 0 } : { rating: 1, index: same };
      }
      let rating = 0;
      let index = 0;
      search.visitAtLeast(compact, 0, (otherRating, otherIndex) => {
        if (otherRating > rating || (otherRating === rating && otherIndex < index)) {
          rating = otherRating;
          index = otherIndex;
        }
        return rating;
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
