import { foldText } from './fold.js';

/** Cuts a folded text (./fold.ts) into tokens: words, or the token ids of a model. */
export type Tokenize = (folded: string) => readonly (string | number)[];

/** Only the first tokens of a text are compared; a title has a few dozen. Bounds the work on hostile texts. */
const maximumTokens = 512;

/** For each token of a text: the longest run from there on that also occurs in a training title. */
export interface RunMatches {
  /** In tokens, [tokens]; 0 if no title has the token. */
  readonly lengths: Int32Array;
  /** Index of one title that has the run, [tokens]; -1 if there is none. */
  readonly titles: Int32Array;
}

/** A run of tokens that a text shares with a title. */
interface SharedRun {
  /** First token of the run in the text. */
  readonly start: number;
  /** Tokens. */
  readonly length: number;
  /** Index of a title that has it. */
  readonly title: number;
}

/** How much of a text one or two runs cover. */
export interface RunCoverage {
  /** Tokens of the text. */
  readonly tokens: number;
  /** Share of them that the runs cover, from 0 to 1. */
  readonly share: number;
  /** At most two, in the order of the text; not overlapping. */
  readonly runs: readonly SharedRun[];
}

/** Finds runs of tokens that a text shares with titles, ignoring case, punctuation, accents and width. */
export class RunIndex {
  private readonly ids = new Map<string | number, number>();
  private readonly suffixes: SuffixArray;
  /** Where each title starts in the corpus, [titles]. */
  private readonly starts: Int32Array;

  /** @param tokenize cuts folded texts; the same text must always give the same tokens. */
  constructor(
    titles: readonly string[],
    private readonly tokenize: Tokenize,
  ) {
    const corpus: number[] = [];
    this.starts = Int32Array.from(titles, (title) => {
      const start = corpus.length;
      for (const token of this.tokens(title)) corpus.push(this.idOf(token));
      corpus.push(separator);
      return start;
    });
    this.suffixes = new SuffixArray(Int32Array.from(corpus));
  }

  /** Matches the first 512 tokens of `text`. */
  match(text: string): RunMatches {
    const query = Int32Array.from(this.tokens(text), (token) => this.ids.get(token) ?? -1);
    const titles = new Int32Array(query.length).fill(-1);
    const lengths = query.map((_, start) => {
      const { length, position } = this.suffixes.longest(query, start);
      if (length > 0) titles[start] = this.titleAt(position);
      return length;
    });
    return { lengths, titles };
  }

  private tokens(text: string): readonly (string | number)[] {
    return this.tokenize(foldText(text)).slice(0, maximumTokens);
  }

  /** From 1 on: 0 separates titles. */
  private idOf(token: string | number): number {
    const known = this.ids.get(token);
    if (known !== undefined) return known;
    this.ids.set(token, this.ids.size + 1);
    return this.ids.size;
  }

  /** The last title that starts at or before `position`. */
  private titleAt(position: number): number {
    let low = 0;
    let high = this.starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! <= position) low = middle;
      else high = middle;
    }
    return low;
  }
}

/**
 * The one or two runs that cover most of a text, each at least `minimumRun` tokens long; only one if a second adds
 * nothing.
 */
export function coverByRuns({ lengths, titles }: RunMatches, minimumRun: number): RunCoverage {
  const tokens = lengths.length;
  const run = (start: number, length: number): SharedRun => ({ start, length, title: titles[start]! });
  let covered = 0;
  let runs: SharedRun[] = [];
  for (let start = 0; start < tokens; start++) {
    if (lengths[start]! >= minimumRun && lengths[start]! > covered) {
      covered = lengths[start]!;
      runs = [run(start, covered)];
    }
  }
  for (let first = 0; first < tokens; first++) {
    if (lengths[first]! < minimumRun) continue;
    for (let second = first + minimumRun; second < tokens; second++) {
      if (lengths[second]! < minimumRun) continue;
      const before = Math.min(lengths[first]!, second - first);
      if (before + lengths[second]! > covered) {
        covered = before + lengths[second]!;
        runs = [run(first, before), run(second, lengths[second]!)];
      }
    }
  }
  return { tokens, share: tokens === 0 ? 0 : covered / tokens, runs };
}

/** Ends each text of a corpus; never occurs in a query. */
const separator = 0;

/** Suffixes that agree in this many tokens count as equal, which bounds the sorting of hostile texts. */
const comparedTokens = 64;

/**
 * The positions of a corpus of texts, sorted by the suffix from there to the end of the text (Manber, Myers,
 * "Suffix Arrays: A New Method for On-Line String Searches", SIAM J. Comput. 22, 1993, section 2).
 */
class SuffixArray {
  /** Positions, sorted; separators are left out. */
  private readonly order: Int32Array;

  /** @param corpus token ids above 0, [length]; each text is followed by a {@link separator}. */
  constructor(private readonly corpus: Int32Array) {
    this.order = sortPositions(corpus);
  }

  /**
   * The longest run from `query[start]` on that occurs in one text of the corpus; of runs beyond 64 tokens,
   * one.
   * @returns its length in tokens and one position where it occurs; length 0 if the token is unknown.
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
