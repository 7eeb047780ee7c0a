import { cronFault } from '../common/cron.js';
import { isDeviceName } from '../common/device-names.js';
import { bareSubreddit } from '../common/subreddit-name.js';
import type { ValueRule, ValueTypeName } from './option-row.js';

/** How values of one type are read and checked. */
interface ValueType<Rule> {
  /** Parses a text. Returns something that is not accepted if the text does not have the type's form. */
  readonly read: (text: string) => unknown;
  /** Whether a value of any type satisfies the rule. */
  readonly accepts: (value: unknown, rule: Rule) => boolean;
  /** Describes a value that is not accepted; completes "--flag got VALUE, which …". */
  readonly fault: (rule: Rule, value: unknown) => string;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const identity = (text: string): string => text;
/** A check that only text can pass. */
const matches =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    isText(value) && pattern.test(value);

const maxTextLength = 10_000;
const [maxBytes, maxSeconds] = [1e15, 366 * 86_400];

/** Bytes per unit. */
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

/** Seconds per unit. */
const timeUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function isWithin(
  value: unknown,
  { minimum, maximum, exclusiveMinimum, or }: ValueRule<'integer' | 'number'>,
): boolean {
  if (or !== undefined && value === or) return true;
  if (typeof value !== 'number' || !(value >= minimum && value <= maximum)) return false;
  return exclusiveMinimum !== true || value > minimum;
}

function boundsFault(
  what: string,
  { minimum, maximum, exclusiveMinimum, or }: ValueRule<'integer' | 'number'>,
) {
  const range = exclusiveMinimum
    ? `above ${minimum} and at most ${maximum}`
    : `from ${minimum} to ${maximum}`;
  return or === undefined ? `is not a ${what} ${range}` : `is neither ${or} nor a ${what} ${range}`;
}

function isMonth(value: unknown): boolean {
  return (
    matches(/^\d{4}-(0[1-9]|1[0-2])$/)(value) &&
    (value as string) >= '2005-06' &&
    (value as string) <= '2099-12'
  );
}
const monthFault = 'is not a month, YYYY-MM, from 2005-06 on';

function isTimeZone(value: unknown): boolean {
  if (!isText(value)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

/** Parses a decimal number, with or without exponent, not hexadecimal; returns any other text unchanged. */
export function readDecimal(text: string): number | string {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

const isTokenId = (text: string): boolean => /^(0|[1-9]\d{0,7})$/.test(text);

/** `198=-5,50256=2` → `{ 198: -5, 50256: 2 }`; any other text, and one that names a token twice, unchanged. */
function readBiases(text: string): unknown {
  const pairs = text.split(',').map((pair) => pair.split('=').map((part) => part.trim()));
  const biases = new Map(pairs.map(([id = '', bias = '']) => [id, readDecimal(bias)]));
  const isList = pairs.every((pair) => pair.length === 2) && biases.size === pairs.length;
  return isList ? Object.fromEntries(biases) : text;
}

/** Python writes True and False. */
const booleanType: ValueType<{ readonly type: 'boolean' | 'switch'; readonly or?: string }> = {
  read: (text) => (/^true$/i.test(text) ? true : /^false$/i.test(text) ? false : text),
  accepts: (value, { or }) => typeof value === 'boolean' || (or !== undefined && value === or),
  fault: ({ or }) => (or === undefined ? 'is neither true nor false' : `is none of ${or}, true, false`),
};

/** Every type of value an option can have. */
const valueTypes: { readonly [Type in ValueTypeName]: ValueType<ValueRule<Type>> } = {
  /** `32`, not `32.0`, `3e1` or `0x20`. */
  integer: {
    read: (text) => (/^[+-]?\d{1,16}$/.test(text) ? Number(text) : text),
    accepts: (value, rule) =>
      (typeof value !== 'number' || Number.isSafeInteger(value)) && isWithin(value, rule),
    fault: (rule) => boundsFault('whole number', rule),
  },
  number: {
    read: readDecimal,
    accepts: isWithin,
    fault: (rule) => boundsFault('number', rule),
  },
  choice: {
    read: identity,
    accepts: (value, { choices }) => isText(value) && choices.includes(value),
    fault: ({ choices }) => `is none of ${choices.join(', ')}`,
  },
  choices: {
    read: (text) => text.split(',').map((word) => word.trim()),
    accepts: (value, { choices }) =>
      Array.isArray(value) &&
      new Set(value).size === value.length &&
      value.every((word) => choices.includes(word as string)),
    fault: ({ choices }) => `is not one or several of ${choices.join(', ')}, each once, with commas between`,
  },
  switch: booleanType,
  boolean: booleanType,
  /** A lone surrogate has no UTF-8 encoding: it would be replaced silently. */
  text: {
    read: identity,
    accepts: (value, { allowsNul }) =>
      isText(value) &&
      value.length <= maxTextLength &&
      (allowsNul === true || !value.includes('\0')) &&
      !/\p{Surrogate}/u.test(value),
    fault: ({ allowsNul }, value) => {
      if (!isText(value)) return 'is no text';
      if (value.length > maxTextLength) return `has ${value.length} characters, more than ${maxTextLength}`;
      return value.includes('\0') && !allowsNul
        ? 'holds a NUL character'
        : 'holds half a character (a lone surrogate)';
    },
  },
  tokenBiases: {
    read: readBiases,
    accepts: (value, bounds) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.entries(value).every(
        ([id, bias]) => isTokenId(id) && isWithin(bias, { ...bounds, type: 'number' }),
      ),
    fault: ({ minimum, maximum }) =>
      `is not a list of token ids, each once, with biases from ${minimum} to ${maximum}, such as 198=-5,50256=2`,
  },
  path: {
    read: identity,
    accepts: (value) => isText(value) && value !== '' && !value.includes('\0'),
    fault: () => 'is not a path',
  },
  /** `5000000`, `30GB`, `1.5 TiB`. */
  bytes: {
    read: (text) => {
      const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgt]i?b)?$/i.exec(text) ?? [];
      return number === undefined ? undefined : Math.round(Number(number) * byteUnits[unit.toLowerCase()]!);
    },
    accepts: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxBytes,
    fault: () => 'is not a number of bytes, such as 5000000, 30GB or 100GiB',
  },
  /** From a second to 366 days: `45s`, `90m`, `6h`, `1d`. */
  duration: {
    read: (text) => {
      const [, number, unit = ''] = /^(\d{1,9}(?:\.\d+)?) ?([smhd])$/.exec(text) ?? [];
      return number === undefined ? undefined : Number(number) * timeUnits[unit]!;
    },
    accepts: (value) => typeof value === 'number' && value >= 1 && value <= maxSeconds,
    fault: () => 'is not a time, such as 45s, 90m, 6h or 1d',
  },
  /** `YYYY-MM`, not before the first posts on Reddit. */
  month: { read: identity, accepts: isMonth, fault: () => monthFault },
  relativeMonth: {
    read: identity,
    accepts: (value) => isMonth(value) || matches(/^now(-\d{1,4})?$/)(value),
    fault: () => `${monthFault}, and not relative to this month, such as now-1`,
  },
  /** In lower case, as Reddit's names are case-insensitive; a leading `r/` or `/r/` is removed. */
  subreddit: {
    read: bareSubreddit,
    accepts: matches(/^[a-z0-9_]{2,21}$/),
    fault: (_, value) => {
      const [, name] =
        /(?:^|[./])reddit\.com\/r\/([a-z0-9_]{2,21})(?:[/?#]|$)/i.exec(isText(value) ? value : '') ?? [];
      const rule = 'is not the name of a subreddit: 2 to 21 letters, digits or underscores';
      return name === undefined ? rule : `is an address: the name alone is ${name.toLowerCase()}`;
    },
  },
  /** Must be a valid folder name on any system. */
  runName: {
    read: identity,
    accepts: (value) =>
      matches(/^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?$/)(value) &&
      !isDeviceName(value as string),
    fault: (_, value) =>
      isText(value) && isDeviceName(value)
        ? 'is the name of a device on Windows, where no folder can be called so'
        : 'is not a run name: up to 100 letters, digits, dots, hyphens and underscores',
  },
  origin: {
    read: (text) => text.toLowerCase(),
    accepts: matches(/^(?:\*|https?:\/\/[a-z0-9.[\]:-]+)$/),
    fault: () => 'is neither * nor an origin such as https://example.org',
  },
  hostName: {
    read: (text) => text.toLowerCase(),
    accepts: matches(/^(?:\*|(?:\[[0-9a-f:.]+\]|\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::\d{1,5})?)$/),
    fault: () => 'is neither * nor a host name such as titles.example.org, .example.org or localhost:9000',
  },
  cron: {
    read: identity,
    accepts: (value) => isText(value) && cronFault(value) === undefined,
    fault: (_, value) =>
      `is not a cron pattern of five fields, such as "0 3 * * 1" (${cronFault(isText(value) ? value : '')})`,
  },
  timeZone: {
    read: identity,
    accepts: isTimeZone,
    fault: () => 'is not a time zone such as Europe/Berlin or UTC',
  },
};

/** A value violates its rule. The message completes "--flag got VALUE, which …". */
export class ValueError extends Error {}

/** Checks a value and returns it. @throws ValueError when the rule does not allow it. */
export function checkValue(rule: ValueRule, value: unknown): unknown {
  // The rule's type chooses the entry, so that the two fit.
  const type = valueTypes[rule.type] as ValueType<ValueRule>;
  if (type.accepts(value, rule)) return value;
  throw new ValueError(type.fault(rule, value));
}

/** Parses and checks a text. @throws ValueError when the rule does not allow it. */
export function readValue(rule: ValueRule, text: string): unknown {
  const type = valueTypes[rule.type] as ValueType<ValueRule>;
  const value = type.read(text);
  if (type.accepts(value, rule)) return value;
  throw new ValueError(type.fault(rule, text));
}
