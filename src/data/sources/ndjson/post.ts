import { toSeconds, toWholeNumber } from '../post-values.js';
import type { SourceRow } from '../title-source.js';

/** The columns of a post that are asked for; text as it stands in the dump. */
export interface Post {
  readonly title: string;
  readonly subreddit: string;
  readonly score: number | null;
  /** Seconds since 1970, UTC; null where the dump has no time that can be read. */
  readonly createdUtc: number | null;
  readonly id: string | null;
}

/** Why a line is no post. */
export class LineFault extends Error {}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function toText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : null;
}

/**
 * One line as a JSON object.
 * @throws LineFault when it is not UTF-8, not JSON, or not an object.
 */
export function parseLine(bytes: Uint8Array, start: number, end: number): Readonly<Record<string, unknown>> {
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

/** As the queries give it: the three entities of Reddit's own decoded once, broken characters taken out. */
export function toRow({ title, subreddit, score, id }: Post): SourceRow {
  return {
    title: title
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
      .replaceAll('\uFFFD', ''),
    subreddit,
    ...(score === null ? {} : { score }),
    ...(id === null ? {} : { id }),
  };
}
