/** Bytes of JSON's syntax. */
export const ascii = {
  quote: 0x22,
  colon: 0x3a,
  backslash: 0x5c,
  braceOpen: 0x7b,
  braceClose: 0x7d,
} as const;

/** Space, tab, line feed or carriage return: what JSON allows between its parts. */
export function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/**
 * Finds a key of JSON objects, `"name"`, in bytes, either way (Horspool, "Practical fast searching in strings",
 * 1980): a step is about as long as the key. Faster than Buffer.indexOf here, which begins anew with every call.
 */
export class KeySearch {
  private readonly needle: Uint8Array;
  private readonly steps: Uint8Array;
  private readonly stepsBack: Uint8Array;

  constructor(name: string) {
    this.needle = Buffer.from(`"${name}"`);
    const { needle } = this;
    const { length } = needle;
    this.steps = new Uint8Array(256).fill(length);
    this.stepsBack = new Uint8Array(256).fill(length);
    for (let index = 0; index < length - 1; index += 1) this.steps[needle[index]!] = length - 1 - index;
    for (let index = length - 1; index > 0; index -= 1) this.stepsBack[needle[index]!] = index;
  }

  /** Where the key begins at or behind `from`, whole before `end`; -1 where nowhere. */
  next(bytes: Uint8Array, from: number, end: number): number {
    const { needle, steps } = this;
    const last = needle.length - 1;
    for (let at = from + last; at < end; at += steps[bytes[at]!]!) {
      if (bytes[at] === ascii.quote && this.isAt(bytes, at - last)) return at - last;
    }
    return -1;
  }

  /** Where the key begins at or before `from`, not before `start`; -1 where nowhere. */
  previous(bytes: Uint8Array, from: number, start: number): number {
    const { stepsBack } = this;
    for (let at = from; at >= start; at -= stepsBack[bytes[at]!]!) {
      if (bytes[at] === ascii.quote && this.isAt(bytes, at)) return at;
    }
    return -1;
  }

  /** Where the value behind the key that begins at `at` begins; -1 where no colon follows, as it is no key then. */
  valueBehind(bytes: Uint8Array, at: number, end: number): number {
    let next = at + this.needle.length;
    while (next < end && isBlank(bytes[next])) next += 1;
    if (next >= end || bytes[next] !== ascii.colon) return -1;
    next += 1;
    while (next < end && isBlank(bytes[next])) next += 1;
    return next;
  }

  /** Bytes of the key with its quotes. */
  get length(): number {
    return this.needle.length;
  }

  private isAt(bytes: Uint8Array, start: number): boolean {
    const { needle } = this;
    // An escaped quote is part of a text that happens to end as the key does.
    if (bytes[start - 1] === ascii.backslash) return false;
    for (let index = needle.length - 1; index >= 0; index -= 1) {
      if (bytes[start + index] !== needle[index]) return false;
    }
    return true;
  }
}
