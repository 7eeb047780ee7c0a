import type { Post } from './post.js';

/** The order of UTF-8 bytes, in which SQL sorts text; UTF-16 units sort surrogates before U+E000. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [unitA, unitB] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (unitA === unitB) continue;
    const surrogates = [unitA, unitB].map((unit) => (unit >= 0xd800 && unit <= 0xdfff ? 0x10000 : 0));
    return unitA + surrogates[0]! - unitB - surrogates[1]!;
  }
  return a.length - b.length;
}

/** Compares what both have; what is missing comes last. */
function missingLast<Value>(
  a: Value | null,
  b: Value | null,
  compare: (a: Value, b: Value) => number,
): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compare(a, b);
}

const ascending = (a: number, b: number): number => a - b;
const descending = (a: number, b: number): number => b - a;

/** The order of the queries: score descending, then older first, then id, then title; what is missing last. */
export function comparePosts(a: Post, b: Post): number {
  return (
    missingLast(a.score, b.score, descending) ||
    missingLast(a.createdUtc, b.createdUtc, ascending) ||
    missingLast(a.id, b.id, compareText) ||
    compareText(a.title, b.title)
  );
}

/** Posts kept between two cuts, as a multiple of the limit: sooner means more sorting, but a bound that rises sooner. */
const maxKept = 1.25;

/** The best posts of one subreddit, each id once, in memory that grows with their number alone. */
export class TopPosts {
  private posts: Post[] = [];
  private worst: Post | undefined;
  constructor(private readonly limit: number) {}

  /** A post whose score is below this does not get in. */
  get scoreBound(): number {
    return this.worst?.score ?? Number.NEGATIVE_INFINITY;
  }

  get isEmpty(): boolean {
    return this.posts.length === 0;
  }

  add(post: Post): void {
    if (this.worst && comparePosts(post, this.worst) > 0) return;
    this.posts.push(post);
    if (this.posts.length >= maxKept * this.limit + 1000) this.cut();
  }

  /** The best, in order. */
  sorted(): readonly Post[] {
    this.cut();
    return this.posts;
  }

  /**
   * Sorts, and lets go of all behind the limit. What is let go cannot come back: as many better ones with other ids
   * stand before it, and each of them can only be replaced by one that is better still.
   */
  private cut(): void {
    const ids = new Set<string>();
    const isFirst = ({ id }: Post): boolean => id === null || (!ids.has(id) && ids.add(id) !== undefined);
    this.posts = this.posts.sort(comparePosts).filter(isFirst).slice(0, this.limit);
    if (this.posts.length === this.limit) this.worst = this.posts[this.limit - 1];
  }
}
