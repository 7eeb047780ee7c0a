import { parseCsv } from '../../io/csv.js';
import { textLines } from '../../io/lines.js';
import { type CsvLayoutOptions, csvLayout } from './csv-layout.js';
import { bareName, checkHoldsTitles, peek, type ReadingListener, warnOfNuls } from './file-reading.js';
import type { SourceRow } from './title-source.js';

/** The rows of one CSV. @throws TitlesmithError when it is malformed. */
export async function* csvTitles(
  chunks: AsyncIterable<string>,
  path: string,
  options: CsvLayoutOptions,
  listener: ReadingListener,
): AsyncGenerator<SourceRow> {
  const { beginning, whole } = await peek(chunks);
  checkHoldsTitles(beginning, path);
  const { delimiter, index, subredditIndex, header, note, skipped } = csvLayout(beginning, options, path);
  if (note !== undefined) listener.onNote(note);
  const nuls: number[] = [];
  let hasFirst = true;
  const onNul = (line: number, record: number): void => {
    nuls.push(line);
    if (record === 1) hasFirst = false;
  };
  let isFirst = true;
  try {
    const dialect = { delimiter, quotes: options.quotes ?? true, onNul };
    for await (const fields of parseCsv(withoutFirst(skipped, whole), path, dialect)) {
      const isHeader = isFirst && header && hasFirst;
      isFirst = false;
      if (isHeader) continue;
      const title = fields[index] ?? '';
      yield subredditIndex < 0 ? { title } : { title, subreddit: bareName(fields[subredditIndex] ?? '') };
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
const eitherToken = /<\|(?:startoftext|endoftext)\|>/;

function noteTokens(path: string, { onNote }: ReadingListener): void {
  onNote(`${path}: its texts are what stands between ${startToken} and ${endToken}`);
}

/**
 * A text between tokens without the white space around it; a tab at its beginning stays, with which titlesmith's own datasets
 * end the prompt before a title, also one that says nothing.
 */
function bareText(text: string): string {
  return text.trimEnd().replace(/^[^\S\t]+/, '');
}

/** What stands between tokens in a text, without the white space around it. */
function textsBetween(text: string): string[] {
  return text
    .split(eitherToken)
    .map(bareText)
    .filter((part) => part !== '');
}

/** Rows of which a value with tokens is as many titles as stand between them; a note says so once. */
export async function* withTextsApart(
  rows: AsyncIterable<SourceRow>,
  path: string,
  listener: ReadingListener,
): AsyncGenerator<SourceRow> {
  let isFirst = true;
  for await (const row of rows) {
    if (!eitherToken.test(row.title)) {
      yield row;
      continue;
    }
    if (isFirst) noteTokens(path, listener);
    isFirst = false;
    const texts = textsBetween(row.title);
    // A value of tokens alone is an empty title, which cleaning counts.
    for (const title of texts.length > 0 ? texts : ['']) yield { ...row, title };
  }
}

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
  checkHoldsTitles(beginning, path);
  const hasTokens = eitherToken.test(beginning);
  if (hasTokens) noteTokens(path, listener);
  const nuls: number[] = [];
  let [number, begun, begunAt] = [0, '', 1];
  const take = (text: string, line: number): SourceRow[] => {
    if (text.includes('\0')) nuls.push(line);
    else if (text.trim() !== '') return [{ title: hasTokens ? bareText(text) : text }];
    return [];
  };
  try {
    for await (const line of textLines(whole, path)) {
      number += 1;
      if (!hasTokens) {
        for (const row of take(line, number)) yield row;
        continue;
      }
      const parts = line.split(eitherToken);
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
