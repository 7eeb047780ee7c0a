import { parseCsv } from '../../io/csv.js';
import { textLines } from '../../io/lines.js';
import { type CsvLayoutOptions, csvLayout } from './csv-layout.js';
import type { SourceRow } from './title-source.js';

/** Told what was decided and dropped while a file is read. */
interface ReadingListener {
  readonly onNote: (message: string) => void;
  readonly onWarning: (message: string) => void;
}

/** Characters of the beginning in which the first record should end. */
const layoutCharacters = 65_536;

/** The beginning of a text, and all of it. */
async function peek(
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

/** Lines named in a warning, of those it is about. */
const maxLines = 5;

/** Says which records were dropped for a NUL, once for a file. */
function warnOfNuls(lines: readonly number[], path: string, { onWarning }: ReadingListener): void {
  if (lines.length === 0) return;
  const which = lines.slice(0, maxLines).join(', ') + (lines.length > maxLines ? ', …' : '');
  const what =
    lines.length === 1 ? '1 record with a NUL byte is' : `${lines.length} records with a NUL byte are`;
  onWarning(`${path}: ${what} dropped: line ${which}`);
}

/** The rows of one CSV. @throws TitlesmithError when it is malformed. */
export async function* csvTitles(
  chunks: AsyncIterable<string>,
  path: string,
  options: CsvLayoutOptions,
  listener: ReadingListener,
): AsyncGenerator<SourceRow> {
  const { beginning, whole } = await peek(chunks);
  const { delimiter, index, subredditIndex, header, note, skipped } = csvLayout(beginning, options, path);
  if (note !== undefined) listener.onNote(note);
  const nuls: number[] = [];
  const dialect = { delimiter, quotes: options.quotes ?? true, onNul: (line: number) => nuls.push(line) };
  let record = 0;
  try {
    for await (const fields of parseCsv(withoutFirst(skipped, whole), path, dialect)) {
      record += 1;
      if (record === 1 && header) continue;
      const title = fields[index] ?? '';
      yield subredditIndex < 0 ? { title } : { title, subreddit: (fields[subredditIndex] ?? '').trim() };
    }
  } finally {
    warnOfNuls(nuls, path, listener);
  }
}

/** A text without its first characters, which its first chunk holds. The line break behind them stays: lines count on. */
async function* withoutFirst(characters: number, chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let left = characters;
  for await (const chunk of chunks) {
    yield chunk.slice(left);
    left = 0;
  }
}

/** The tokens that gpt-2-simple and others put around each text. */
const [startToken, endToken] = ['<|startoftext|>', '<|endoftext|>'];

/**
 * The titles of a text file: one a line, empty lines left out; where start or end tokens stand in its beginning, what lies
 * between them, over several lines too.
 */
export async function* textTitles(
  chunks: AsyncIterable<string>,
  path: string,
  listener: ReadingListener,
): AsyncGenerator<SourceRow> {
  const { beginning, whole } = await peek(chunks);
  const hasTokens = beginning.includes(startToken) || beginning.includes(endToken);
  if (hasTokens) listener.onNote(`${path}: its texts are what stands between ${startToken} and ${endToken}`);
  const nuls: number[] = [];
  let [number, begun, begunAt] = [0, '', 1];
  const take = (text: string, line: number): SourceRow[] => {
    if (text.includes('\0')) nuls.push(line);
    else if (text.trim() !== '') return [{ title: text.trim() === text || !hasTokens ? text : text.trim() }];
    return [];
  };
  try {
    for await (const line of textLines(whole, path)) {
      number += 1;
      if (!hasTokens) {
        for (const row of take(line, number)) yield row;
        continue;
      }
      const parts = line.split(/<\|(?:startoftext|endoftext)\|>/);
      for (const [at, part] of parts.entries()) {
        if (at > 0) {
          for (const row of take(begun, begunAt)) yield row;
          begun = '';
        }
        if (begun.trim() === '') begunAt = number;
        begun = begun.trim() === '' ? part : at > 0 ? `${begun}${part}` : `${begun}\n${part}`;
      }
    }
    if (hasTokens) for (const row of take(begun, begunAt)) yield row;
  } finally {
    warnOfNuls(nuls, path, listener);
  }
}
