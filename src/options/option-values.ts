import { type ConditionName, conditionNames } from './choices.js';

/**
 * Parsers of option values: text in, value out. Each throws an Error whose message completes the sentence
 * "--flag got VALUE, which …"; `options.ts` adds flag and value.
 */

/** A whole number within bounds, both included; `32`, not `32.0`, `3e1` or `0x20`. */
export function integer(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= minimum && value <= maximum)) {
      throw new Error(`is not a whole number from ${minimum} to ${maximum}`);
    }
    return value;
  };
}

/** A decimal number within bounds, both included unless `above` excludes the lower one; exponents allowed, hexadecimal not. */
export function decimal(bounds: {
  minimum: number;
  maximum: number;
  above?: boolean;
}): (text: string) => number {
  const { minimum, maximum, above = false } = bounds;
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (!(value >= minimum && value <= maximum) || (above && value === minimum)) {
      const range = above ? `above ${minimum} and at most ${maximum}` : `from ${minimum} to ${maximum}`;
      throw new Error(`is not a number ${range}`);
    }
    return value;
  };
}

/** What a number of bytes may be given in. */
const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** A number of bytes, from 1 to 1 PB: `5000000`, `30GB`, `1.5 TiB`. */
export function bytes(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgt]i?b)?$/i.exec(text) ?? [];
  const value = Math.round(Number(number) * (byteUnits[unit.toLowerCase()] ?? Number.NaN));
  if (number === '' || !(value >= 1 && value <= 1e15)) {
    throw new Error('is not a number of bytes, such as 5000000, 30GB or 100GiB');
  }
  return value;
}

/** Seconds in the units a time may be given in. */
const timeUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A time, from a second to 366 days: `45s`, `90m`, `6h`, `1d`. @returns seconds. */
export function duration(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d+)?) ?([smhd])$/.exec(text) ?? [];
  const value = Number(number) * (timeUnits[unit] ?? Number.NaN);
  if (number === '' || !(value >= 1 && value <= 366 * 86_400)) {
    throw new Error('is not a time, such as 45s, 90m, 6h or 1d');
  }
  return value;
}

/** `auto`, or a rating above 0 and at most 1. */
export function threshold(text: string): number | 'auto' {
  if (text === 'auto') return text;
  return decimal({ minimum: 0, maximum: 1, above: true })(text);
}

/** One of the given words. */
export function choice<const Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new Error(`is none of ${words.join(', ')}`);
    return found;
  };
}

/** What titles are prompted by: `subreddit`, `keywords`, or both with a comma between. */
export function condition(text: string): readonly ConditionName[] {
  const names = text.split(',').map((name) => name.trim());
  if (new Set(names).size !== names.length || !names.every(isConditionName)) {
    throw new Error('is none of subreddit, keywords, and subreddit,keywords');
  }
  return names;
}

function isConditionName(name: string): name is ConditionName {
  return (conditionNames as readonly string[]).includes(name);
}

/** `true` or `false`. */
export function truth(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error('is neither true nor false');
  return text === 'true';
}

/** A month, `YYYY-MM`, from 2005-06 (the first posts on Reddit) to 2099-12. */
export function month(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text) || text < '2005-06' || text > '2099-12') {
    throw new Error('is not a month, YYYY-MM, from 2005-06 on');
  }
  return text;
}

/** A subreddit's name in lower case, as Reddit does not tell cases apart; a leading `r/` or `/r/` is taken off. */
export function subreddit(text: string): string {
  const name = text.replace(/^\/?r\//i, '');
  if (!/^[A-Za-z0-9_]{2,21}$/.test(name)) {
    throw new Error('is not the name of a subreddit: 2 to 21 letters, digits or underscores');
  }
  return name.toLowerCase();
}

/** The name of a run, which becomes the name of a folder on any system. */
export function runName(text: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(text) || text.endsWith('.')) {
    throw new Error('is not a run name: up to 100 letters, digits, dots, hyphens and underscores');
  }
  return text;
}

/** A path: any text that is not empty and holds no NUL. */
export function path(text: string): string {
  if (text === '' || text.includes('\0')) throw new Error('is not a path');
  return text;
}

/** Text as it is, at most 10,000 characters, without NUL. */
export function text(value: string): string {
  if (value.length > 10_000 || value.includes('\0')) {
    throw new Error('is longer than 10,000 characters or holds a NUL character');
  }
  return value;
}
