/** Between two texts of a corpus; no query holds it. */
export const separator = 0;

/** Suffixes that agree in so many tokens count as equal: bounds the sorting of hostile texts. */
const comparedTokens = 64;

/**
 * Positions of a corpus of texts in the order of what stands there up to the end of the text (Manber, Myers,
 * "Suffix Arrays: A New Method for On-Line String Searches", SIAM J. Comput. 22, 1993, section 2).
 */
export class SuffixArray {
  /** Positions, sorted; separators are left out. */
  private readonly order: Int32Array;

  /** @param corpus token ids above 0, [length]; each text is followed by a {@link separator}. */
  constructor(private readonly corpus: Int32Array) {
    this.order = sortPositions(corpus);
  }

  /**
   * The longest run from `query[start]` on that stands in one text of the corpus; of runs beyond 64 tokens,
   * one.
   * @returns its length in tokens and one position where it stands; length 0 where the token is unknown.
   */
  longest(query: Int32Array, start: number): { length: number; position: number } {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.isBelow(this.order[middle]!, query, start)) low = middle + 1;
      else high = middle;
    }
    let best = { length: 0, position: -1 };
    for (const place of [low - 1, low]) {
      if (place < 0 || place >= this.order.length) continue;
      const position = this.order[place]!;
      const length = this.common(position, query, start);
      if (length > best.length) best = { length, position };
    }
    return best;
  }

  /** Whether the suffix at `position` sorts before `query` from `start` on. */
  private isBelow(position: number, query: Int32Array, start: number): boolean {
    const length = this.common(position, query, start, comparedTokens);
    if (length === comparedTokens || start + length >= query.length) return false;
    return this.corpus[position + length]! < query[start + length]!;
  }

  /** Tokens that the suffix at `position` and `query` from `start` on have in common. */
  private common(position: number, query: Int32Array, start: number, limit = query.length): number {
    let length = 0;
    while (
      length < limit &&
      start + length < query.length &&
      this.corpus[position + length] === query[start + length]
    )
      length++;
    return length;
  }
}

function sortPositions(corpus: Int32Array): Int32Array {
  const positions = Int32Array.from(corpus.keys()).filter((position) => corpus[position] !== separator);
  return positions.sort((a, b) => {
    for (let i = 0; i < comparedTokens; i++) {
      const [first, second] = [corpus[a + i]!, corpus[b + i]!];
      if (first !== second) return first - second;
      if (first === separator) break;
    }
    return a - b;
  });
}
