import { TitlesmithError } from '../../common/errors.js';

/** Told what was decided and dropped while a file is read. */
export interface ReadingListener {
  readonly onNote: (message: string) => void;
  readonly onWarning: (message: string) => void;
}

/** How a file of titles is read, by its name without `.gz` or `.zst`. */
export function titleFormat(path: string): 'lines' | 'json' | 'csv' {
  const name = path.replace(/\.(gz|zst)$/i, '').toLowerCase();
  if (name.endsWith('.txt')) return 'lines';
  return /\.(json|jsonl|ndjson)$/.test(name) ? 'json' : 'csv';
}

/** @throws TitlesmithError when a file's name says that it is compressed as nothing here decompresses. */
export function checkKnownCompression(path: string): void {
  if (!/\.(bz2|xz|zip|7z|tar|tgz|rar|lz4)$/i.test(path)) return;
  throw new TitlesmithError(`Cannot read ${path}: only .gz and .zst are decompressed.`, {
    code: 'unknown-compression',
    hint: 'Decompress it, or compress it anew with gzip or zstd.',
  });
}

/** Names for a line of text: at most three, then a count. */
export function namesInWords(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** Characters of the beginning in which the first record should end. */
export const layoutCharacters = 65_536;

/** The beginning of a text, and all of it. */
export async function peek(
  chunks: AsyncIterable<string>,
): Promise<{ readonly beginning: string; readonly whole: AsyncIterable<string> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let beginning = '';
  while (beginning.length < layoutCharacters) {
    const next = await iterator.next();
    if (next.done) break;
    beginning += next.value;
  }
  async function* whole(): AsyncGenerator<string> {
    try {
      yield beginning;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { beginning, whole: whole() };
}

/** @throws TitlesmithError when a text that should hold titles begins as a web page or as JSON does. */
export function checkHoldsTitles(beginning: string, path: string): void {
  if (/^\s*<(!doctype html|html[\s>])/i.test(beginning)) {
    throw new TitlesmithError(`Cannot read ${path}: it is a web page (HTML), not a file of titles.`, {
      code: 'not-text',
      hint: 'Download the file itself: a page that asks to sign in may have come instead.',
    });
  }
  const [line = ''] = beginning.trimStart().split(/[\r\n]/, 1);
  if (!line.startsWith('{') || !isObject(line)) return;
  throw new TitlesmithError(`Cannot read ${path}: its lines are JSON objects.`, {
    code: 'not-text',
    hint: 'Give it a name that ends in .jsonl.',
  });
}

function isObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

/** Lines named in a warning, of those it is about. */
const maxLines = 5;

/** Says which records were dropped for a NUL, once for a file. */
export function warnOfNuls(lines: readonly number[], path: string, { onWarning }: ReadingListener): void {
  if (lines.length === 0) return;
  const which = lines.slice(0, maxLines).join(', ') + (lines.length > maxLines ? ', …' : '');
  const what =
    lines.length === 1 ? '1 record with a NUL byte is' : `${lines.length} records with a NUL byte are`;
  onWarning(`${path}: ${what} dropped: line ${which}`);
}

/** The name of a subreddit as files of people spell it: without its address, `r/` or `/r/`, and what follows the name. */
export function bareName(subreddit: string): string {
  const name = subreddit.trim().replace(/^(https?:\/\/)?([a-z-]+\.)?reddit\.com(?=\/)/i, '');
  return name.replace(/^\/?r\/([^/?#]*).*$/i, '$1');
}
