/** The columns of a post that are asked for; text as it stands in the dump. */
export interface Post {
  readonly title: string;
  readonly subreddit: string;
  readonly score: number | null;
  /** Seconds since 1970, UTC. */
  readonly createdUtc: number | null;
  readonly id: string | null;
}

/** Why a line is no post. */
export class LineFault extends Error {}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const numeral = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const time = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z| ?UTC|\+00(?::?00)?)?$/;

/** A number, or text that is one; null for anything else. */
function toNumber(value: unknown): number | null {
  const number = typeof value === 'string' && numeral.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** A whole number that a double holds exactly; null for anything else. */
function toWholeNumber(value: unknown): number | null {
  const number = toNumber(value);
  return Number.isSafeInteger(number) ? number : null;
}

/** Seconds since 1970 from a number, text of one, or a time in UTC. */
function toSeconds(value: unknown): number | null {
  const number = toNumber(value);
  if (number !== null || typeof value !== 'string') return number;
  const [, date, clock] = time.exec(value) ?? [];
  const milliseconds = Date.parse(`${date}T${clock}Z`);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}

function toText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : null;
}

/**
 * One line as a JSON object.
 * @throws LineFault when it is not UTF-8, not JSON, or not an object.
 */
export function parseLine(bytes: Buffer, start: number, end: number): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = decoder.decode(bytes.subarray(start, end));
  } catch {
    throw new LineFault('not UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LineFault('not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LineFault('not a JSON object');
  }
  return value as Record<string, unknown>;
}

/**
 * The post an object is; undefined where it has no title or subreddit, as deleted ones may.
 * @throws LineFault when the title holds half a surrogate pair, which no Unicode text does.
 */
export function toPost(object: Readonly<Record<string, unknown>>): Post | undefined {
  const { title, subreddit } = object;
  if (typeof title !== 'string' || typeof subreddit !== 'string') return undefined;
  const id = toText(object['id']);
  for (const text of [title, subreddit, id ?? '']) {
    if (/\p{Surrogate}/u.test(text)) throw new LineFault('half a surrogate pair');
  }
  return {
    title,
    subreddit,
    score: toWholeNumber(object['score']),
    createdUtc: toSeconds(object['created_utc']),
    id,
  };
}
