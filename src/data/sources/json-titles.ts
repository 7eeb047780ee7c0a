import { TitlesmithError } from '../../common/errors.js';
import { textLines } from '../../io/lines.js';
import { bareName, peek, type ReadingListener, warnOfNuls } from './file-reading.js';
import type { SourceRow } from './title-source.js';

/** Longest JSON array, in UTF-16 units: it is parsed in one piece, unlike lines. */
const maxArrayCharacters = 2 ** 28;

/** Where a value stands, and of which column its title is. */
interface Place {
  readonly path: string;
  /** Such as `line 3`. */
  readonly where: string;
  readonly column: string | undefined;
}

function fault({ path, where }: Place, what: string, hint: string): TitlesmithError {
  return new TitlesmithError(`Cannot read ${path}, ${where}: ${what}.`, { code: 'json-malformed', hint });
}

/** The properties of an object, their names in lower case, as those of CSV columns are compared. */
function lowerCased(value: object): [string, unknown][] {
  return Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]);
}

/**
 * What the titles of a JSON file are called, in lower case: the column asked for, else what its first object has.
 * @param beginning of the file.
 */
export function titleName(beginning: string, column: string | undefined): string {
  if (column !== undefined) return column.trim().toLowerCase();
  const [first = ''] = beginning.trimStart().split(/[\r\n]/, 1);
  try {
    const value: unknown = JSON.parse(first);
    const item: unknown = Array.isArray(value) ? value[0] : value;
    const names = typeof item === 'object' && item !== null ? lowerCased(item).map(([name]) => name) : [];
    return ['title', 'text'].find((name) => names.includes(name)) ?? '';
  } catch {
    return '';
  }
}

/** Whether a JSON text is one object around an array, as `{"data": [...]}`: its first line holds no title itself. */
export function isWrappedArray(beginning: string): boolean {
  const text = beginning.replace(/^\uFEFF/, '').trimStart();
  return (
    /^\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[\s*["{]/.test(text) &&
    titleName(text, undefined) === '' &&
    !hasSecondLine(text)
  );
}

/** Whether a second line begins an object of its own: lines of JSON. */
function hasSecondLine(text: string): boolean {
  const [first = '', second = ''] = text.split(/\r\n|\n|\r/, 2);
  return first.trimEnd().endsWith('}') && second.startsWith('{');
}

/** The only array among the properties of an object. */
function innerArray(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const arrays = Object.values(value).filter((field) => Array.isArray(field));
  return arrays.length === 1 ? arrays[0] : undefined;
}

/** The title of one value: a text, or an object with the column asked for, else `title`, else `text`. */
function rowOf(value: unknown, place: Place): SourceRow {
  if (typeof value === 'string') return { title: value };
  const names = place.column === undefined ? ['title', 'text'] : [place.column.trim().toLowerCase()];
  const fields = new Map(typeof value === 'object' && value !== null ? lowerCased(value) : []);
  const title = names.map((name) => fields.get(name)).find((field) => typeof field === 'string');
  if (typeof title !== 'string') {
    const wanted = names.map((name) => JSON.stringify(name)).join(' or ');
    throw fault(
      place,
      `it has no text called ${wanted}`,
      'Name the one that holds the titles with --column.',
    );
  }
  const subreddit: unknown = fields.get('subreddit');
  return typeof subreddit === 'string' ? { title, subreddit: bareName(subreddit) } : { title };
}

/**
 * The rows of a JSON file: a value a line (JSONL), or one array of them, also as the only array of an object. A value is a text or an object, whose `title` or
 * `text`, or what `--column` names, is the title.
 * @throws TitlesmithError naming the line, or the item of an array, that is malformed or has no title.
 */
export async function* jsonTitles(
  chunks: AsyncIterable<string>,
  path: string,
  column: string | undefined,
  listener: ReadingListener,
): AsyncGenerator<SourceRow> {
  const { beginning, whole } = await peek(chunks);
  if (/^\s*\[/.test(beginning) || isWrappedArray(beginning)) yield* arrayTitles(whole, path, column);
  else yield* lineTitles(whole, path, column, listener);
}

async function* lineTitles(
  chunks: AsyncIterable<string>,
  path: string,
  column: string | undefined,
  listener: ReadingListener,
): AsyncGenerator<SourceRow> {
  const nuls: number[] = [];
  let number = 0;
  try {
    for await (const line of textLines(chunks, path)) {
      number += 1;
      if (line.trim() === '') continue;
      const place = { path, where: `line ${number}`, column };
      const row = line.includes('\0') ? undefined : rowOf(parsed(line, place), place);
      if (row === undefined || row.title.includes('\0')) nuls.push(number);
      else yield row;
    }
  } finally {
    warnOfNuls(nuls, path, listener);
  }
}

async function* arrayTitles(
  chunks: AsyncIterable<string>,
  path: string,
  column: string | undefined,
): AsyncGenerator<SourceRow> {
  let text = '';
  for await (const chunk of chunks) {
    text += chunk;
    if (text.length > maxArrayCharacters)
      throw fault(
        { path, where: 'item 1', column },
        'its array is too long to be read at once',
        'Write a value a line.',
      );
  }
  const values = parsed(text, { path, where: 'its array', column });
  const items: readonly unknown[] | undefined = Array.isArray(values) ? values : innerArray(values);
  if (items === undefined) {
    const hint = 'Write its titles as one array, or a value a line.';
    throw fault({ path, where: 'its object', column }, 'it holds several arrays, or none', hint);
  }
  for (const [index, value] of items.entries())
    yield rowOf(value, { path, where: `item ${index + 1}`, column });
}

function parsed(text: string, place: Place): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? ` (${error.message.slice(0, 120)})` : '';
    throw fault(
      place,
      `it is no JSON${why}`,
      'A file of titles holds a JSON value a line, or one array of them.',
    );
  }
}
