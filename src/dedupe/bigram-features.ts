import { TitlesmithError } from '../common/errors.js';

/**
 * Longest text that is compared, in UTF-16 code units; a title has a few hundred. Bounds memory on hostile input.
 */
export const maximumTextLength = 1_000_000;

const asciiLimit = 128;

/** The text as string-similarity compares it: all white space removed, nothing else changed. */
export function withoutWhiteSpace(text: string): string {
  return text.replace(/\s+/g, '');
}

/**
 * Numbers the features of texts. A feature is a pair of neighbouring UTF-16 code units together with how
 * often the pair occurred before in the same text: the shared features of two texts are then a plain set
 * intersection whose size equals the multiset intersection of their bigrams, and a posting needs no count.
 */
export class BigramFeatures {
  /** Feature id of each ASCII bigram's first occurrence, plus 1; 0: not seen. */
  private readonly ascii = new Int32Array(asciiLimit * asciiLimit);
  /** The same for bigrams with other code units, keyed by the packed 32 bits. */
  private readonly wide = new Map<number, number>();
  /** Of a feature id: the id of the same bigram's next occurrence, plus 1; 0: not seen. */
  private nextOccurrence = new Int32Array(1024);
  /** Scratch for the current text. Of a first occurrence's id: the id of the latest occurrence, plus 1. */
  private latest = new Int32Array(1024);
  private used = 0;

  /** Number of feature ids given out so far. */
  get size(): number {
    return this.used;
  }

  /**
   * Writes the feature ids of `text` into `target` from `start` on, one for each of its `text.length - 1`
   * bigrams, giving new ids to new features.
   */
  add(text: string, target: Int32Array, start: number): void {
    const count = text.length - 1;
    for (let i = 0; i < count; i++)
      target[start + i] = this.occurrence(text.charCodeAt(i), text.charCodeAt(i + 1));
    this.forgetOccurrences(text);
  }

  /**
   * The ids of those features of `text` that some added text has, in the order of the text.
   * @returns at most `text.length - 1` ids, each once.
   */
  known(text: string): number[] {
    const ids: number[] = [];
    for (let i = 0; i < text.length - 1; i++) {
      const first = this.firstOccurrence(text.charCodeAt(i), text.charCodeAt(i + 1));
      if (first < 0) continue;
      const latest = this.latest[first]!;
      // Once an occurrence is unknown, -1 stays: later ones of the same bigram cannot be known either.
      const id = latest === 0 ? first : latest < 0 ? -1 : this.nextOccurrence[latest - 1]! - 1;
      this.latest[first] = id < 0 ? -1 : id + 1;
      if (id >= 0) ids.push(id);
    }
    this.forgetOccurrences(text);
    return ids;
  }

  private occurrence(high: number, low: number): number {
    let first = this.firstOccurrence(high, low);
    if (first < 0) {
      first = this.create();
      if (high < asciiLimit && low < asciiLimit) this.ascii[high * asciiLimit + low] = first + 1;
      else this.wide.set(pack(high, low), first);
    }
    const latest = this.latest[first]!;
    let id = first;
    if (latest > 0) {
      id = this.nextOccurrence[latest - 1]! - 1;
      if (id < 0) {
        id = this.create();
        this.nextOccurrence[latest - 1] = id + 1;
      }
    }
    this.latest[first] = id + 1;
    return id;
  }

  /** The id of the bigram's first occurrence, or -1. */
  private firstOccurrence(high: number, low: number): number {
    if (high < asciiLimit && low < asciiLimit) return this.ascii[high * asciiLimit + low]! - 1;
    return this.wide.get(pack(high, low)) ?? -1;
  }

  private create(): number {
    if (this.used === this.nextOccurrence.length) {
      this.nextOccurrence = doubled(this.nextOccurrence);
      this.latest = doubled(this.latest);
    }
    return this.used++;
  }

  private forgetOccurrences(text: string): void {
    for (let i = 0; i < text.length - 1; i++) {
      const first = this.firstOccurrence(text.charCodeAt(i), text.charCodeAt(i + 1));
      if (first >= 0) this.latest[first] = 0;
    }
  }
}

function pack(high: number, low: number): number {
  return ((high << 16) | low) >>> 0;
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** @throws TitlesmithError `text-too-long` when `text` has more than {@link maximumTextLength} code units. */
export function assertComparable(text: string, what: string): void {
  if (text.length <= maximumTextLength) return;
  throw new TitlesmithError(
    `${what} has ${text.length} characters; at most ${maximumTextLength} can be compared.`,
    {
      code: 'text-too-long',
      hint: 'Check that the file holds one title a line.',
    },
  );
}
