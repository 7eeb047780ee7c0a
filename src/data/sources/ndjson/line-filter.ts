import { ascii, KeySearch } from './key-search.js';

/** Which of the wanted subreddits a line may be of: an index, none, or known only when it is parsed. */
export const noneWanted = -1;
const unclear = -2;

const subredditKey = new KeySearch('subreddit');
const scoreKey = new KeySearch('score');
const timeKey = new KeySearch('created_utc');
/** Digits of a score that are read here; a longer one is left to the parser. */
const maxDigits = 9;
const [zero, nine, minus] = [0x30, 0x39, 0x2d];

/**
 * Tells from the bytes of a line, without parsing it, whether it can be a post that is wanted: most lines of a dump
 * are not. Errs on one side only: a line that is wanted is never refused. It relies on keys being spelt without
 * escapes where a line has the key at all.
 */
export class LineFilter {
  private readonly names: readonly Uint8Array[];
  /** Indices of names by their hash: what a line costs does not grow with the number of names. */
  private readonly byHash = new Map<number, number[]>();
  private readonly lengths: ReadonlySet<number>;
  /** Whether the key was nearer to the end of the line before: dumps keep to one order of keys. */
  private nearEnd = true;

  /** @param names subreddits in lower case, ASCII. */
  constructor(names: readonly string[]) {
    this.names = names.map((name) => Buffer.from(name));
    this.lengths = new Set(this.names.map(({ length }) => length));
    for (const [index, name] of this.names.entries()) {
      const hash = hashOfName(name, 0, name.length);
      this.byHash.set(hash, [...(this.byHash.get(hash) ?? []), index]);
    }
  }

  /** The subreddit of the line `start` to `end`: its index in the names, {@link noneWanted} or {@link unclear}. */
  subredditOf(bytes: Buffer, start: number, end: number): number {
    const at = this.nearEnd
      ? subredditKey.previous(bytes, end - subredditKey.length, start)
      : subredditKey.next(bytes, start, end);
    if (at < 0) return unclear;
    if (!this.isOuter(bytes, at, start, end)) return this.amongAll(bytes, start, end);
    this.nearEnd = at - start > end - at;
    const value = subredditKey.valueBehind(bytes, at, end);
    return value < 0 ? this.amongAll(bytes, start, end) : this.wantedAt(bytes, value, end);
  }

  /**
   * Whether a place is in the outermost object for certain: no object begins between the line's own and the place,
   * or none ends between the place and the line's own end.
   */
  private isOuter(bytes: Buffer, at: number, start: number, end: number): boolean {
    if (this.nearEnd) return bytes.indexOf(ascii.braceClose, at) === end - 1;
    const next = bytes.indexOf(ascii.braceOpen, start + 1);
    return next < 0 || next > at;
  }

  /** Looks at every key of that name, as objects within the post (of crossposts) have one too. */
  private amongAll(bytes: Buffer, start: number, end: number): number {
    let found = noneWanted;
    let keys = 0;
    for (let at = subredditKey.next(bytes, start, end); at >= 0; at = subredditKey.next(bytes, at + 1, end)) {
      const value = subredditKey.valueBehind(bytes, at, end);
      if (value < 0) continue;
      keys += 1;
      const wanted = this.wantedAt(bytes, value, end);
      if (wanted !== noneWanted) found = found === noneWanted || found === wanted ? wanted : unclear;
    }
    return keys === 0 ? unclear : found;
  }

  /** Which name the text at `value` is, in any letter case; unclear where it holds an escape. */
  private wantedAt(bytes: Buffer, value: number, end: number): number {
    if (bytes[value] !== ascii.quote) return noneWanted;
    let length = 0;
    for (let byte = bytes[value + 1]; byte !== ascii.quote; byte = bytes[value + 1 + length]) {
      if (byte === ascii.backslash || value + 1 + length >= end) return unclear;
      length += 1;
    }
    if (!this.lengths.has(length)) return noneWanted;
    for (const index of this.byHash.get(hashOfName(bytes, value + 1, length)) ?? []) {
      const name = this.names[index]!;
      if (name.length === length && isSameName(bytes, value + 1, name)) return index;
    }
    return noneWanted;
  }
}

const toLower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

/** A 32-bit hash of a name in any letter case. */
function hashOfName(bytes: Uint8Array, start: number, length: number): number {
  let hash = 0;
  for (let index = start; index < start + length; index += 1)
    hash = (Math.imul(hash, 31) + toLower(bytes[index]!)) | 0;
  return hash;
}

function isSameName(bytes: Buffer, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (toLower(bytes[start + index]!) !== name[index]) return false;
  }
  return true;
}

/** The whole number at `at`; NaN where there is none, or one of too many digits, a fraction or an exponent. */
function wholeNumberAt(bytes: Buffer, at: number, end: number): number {
  const sign = bytes[at] === minus ? -1 : 1;
  const first = sign < 0 ? at + 1 : at;
  let value = 0;
  let next = first;
  for (; next < end && next - first <= maxDigits; next += 1) {
    const byte = bytes[next]!;
    if (byte < zero || byte > nine) break;
    value = 10 * value + byte - zero;
  }
  const digits = next - first;
  const isWhole = bytes[next] === 0x2c || bytes[next] === ascii.braceClose;
  return digits > 0 && digits <= maxDigits && isWhole ? sign * value : Number.NaN;
}

/** Whether every score that stands in a line is below `bound`, so that the post's own is. */
export function scoresBelow(bytes: Buffer, start: number, end: number, bound: number): boolean {
  if (bound === Number.NEGATIVE_INFINITY) return false;
  let keys = 0;
  for (let at = scoreKey.next(bytes, start, end); at >= 0; at = scoreKey.next(bytes, at + 1, end)) {
    const value = scoreKey.valueBehind(bytes, at, end);
    if (value < 0) continue;
    keys += 1;
    if (!(wholeNumberAt(bytes, value, end) < bound)) return false;
  }
  return keys > 0;
}

/** Digits of the seconds of Reddit's years. */
const timeDigits = 10;

/**
 * Whether every created_utc that stands in a line, and one does, is ten digits, text or not, and thus a time. That of a
 * crosspost's original passes for the post's own where this lacks it, which no dump does.
 */
export function timesArePlain(bytes: Buffer, start: number, end: number): boolean {
  let keys = 0;
  for (let at = timeKey.next(bytes, start, end); at >= 0; at = timeKey.next(bytes, at + 1, end)) {
    let next = timeKey.valueBehind(bytes, at, end);
    if (next < 0) continue;
    keys += 1;
    const isText = bytes[next] === ascii.quote;
    if (isText) next += 1;
    const first = next;
    while (next < end && bytes[next]! >= zero && bytes[next]! <= nine) next += 1;
    const behind = bytes[next];
    const isEnd = isText ? behind === ascii.quote : behind === 0x2c || behind === ascii.braceClose;
    if (next - first !== timeDigits || !isEnd) return false;
  }
  return keys > 0;
}
