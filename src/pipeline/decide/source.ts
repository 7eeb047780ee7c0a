import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { usageError } from '../../common/errors.js';
import type { BigquerySourceOptions } from '../../data/sources/bigquery/bigquery-source.js';
import { costInWords } from '../../data/sources/bigquery/query-cost.js';
import { detectSource } from '../../data/sources/detect-source.js';
import { requireReader } from '../../data/sources/dump-source.js';
import { matchingFiles } from '../../data/sources/input-files.js';
import { isWrappedArray } from '../../data/sources/json-titles.js';
import { openSource, requireBigquery } from '../../data/sources/open-source.js';
import type { TitleSource } from '../../data/sources/title-source.js';
import { decompressBeginning } from '../../io/compression/beginning.js';
import type { OptionName, RunOptions } from '../../options/option-table.js';
import { defaultOptions, flagOf } from '../../options/option-values.js';
import { titleQuery } from '../../run/extraction.js';
import type { Decision } from '../../run/manifest.js';

/** Names of dumps, Pushshift's RS_2019-03.zst among them; no other input is compressed with zstd. */
const dumpFile = /\.(ndjson|jsonl?|parquet)(\.gz)?$|\.zst(_blocks)?$|(^|[\\/])RS_\d{4}-\d{2}[^\\/]*$/i;

const jsonFile = /\.(ndjson|jsonl?)(\.gz|\.zst)?$/i;
/** Bytes of a JSON file looked at: more than a post has. */
const beginningBytes = 2 ** 16;

/** Text that no dump is, also where it is compressed as dumps are. */
const textFile = /\.txt\.zst$/i;

const isText = (path: string): boolean => /\.txt(\.gz|\.zst)?$/i.test(path);

/** Whether a JSON file is an array, which no dump is, or its first line has a title or text but no subreddit with a score. */
function holdsTitlesAlone(path: string): boolean {
  let file: number | undefined;
  try {
    // A pipe is read once only; a file that is not there is told of when it is opened.
    if (!statSync(path).isFile()) return false;
    file = openSync(path, 'r');
    const bytes = Buffer.alloc(beginningBytes);
    const read = bytes.subarray(0, readSync(file, bytes));
    const beginning = Buffer.from(decompressBeginning(read)).toString('utf8');
    const [line = ''] = beginning.replace(/^\uFEFF?\s+|^\uFEFF/, '').split(/[\r\n]/, 1);
    if (line.startsWith('[') || line.startsWith('"') || isWrappedArray(beginning)) return true;
    // A comma behind a value is told of by the reader of titles, with its line.
    const value: unknown = JSON.parse(line.replace(/,\s*$/, ''));
    const names = Object.keys(value ?? {}).map((name) => name.toLowerCase());
    const isPost = names.includes('subreddit') && names.includes('score');
    return (names.includes('title') || names.includes('text')) && !isPost;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** What an input is taken for, and what it is called. */
function sourceOfInput(path: string): { readonly choice: 'csv' | 'duckdb'; readonly what: string } {
  if (jsonFile.test(path) && holdsTitlesAlone(path))
    return { choice: 'csv', what: 'a JSON file of titles, not of posts' };
  if (dumpFile.test(path) && !textFile.test(path)) return { choice: 'duckdb', what: 'a dump of posts' };
  return { choice: 'csv', what: isText(path) ? 'a text file of titles' : 'a file of titles' };
}

/**
 * Chooses the source. A source named by the user is never replaced by another.
 * @throws TitlesmithError `usage` naming two inputs that are not for one source; `package-missing` where what reads the source
 *   is not installed.
 */
export async function decideSource(options: RunOptions): Promise<Decision> {
  const files = (await Promise.all(options.input.map(matchingFiles))).flat();
  const decision = chooseSource(options, files);
  if (decision.choice === 'bigquery') requireBigquery();
  if (decision.choice === 'duckdb') requireReader(files);
  return decision;
}

function chooseSource({ source }: RunOptions, files: readonly string[]): Decision {
  if (source !== 'auto') return { choice: source, reason: 'named with --source' };
  const inputs = files.map((path) => ({ path, ...sourceOfInput(path) }));
  const [first] = inputs;
  if (first === undefined) {
    const { name, reason } = detectSource();
    return { choice: name, reason };
  }
  const other = inputs.find(({ choice }) => choice !== first.choice);
  if (other) {
    throw usageError(
      `${first.path} is ${first.what} and ${other.path} ${other.what}: a run has one kind of input.`,
      'Leave one of them out, or say what all of them are: --source csv for titles, --source duckdb for posts.',
    );
  }
  return { choice: first.choice, reason: `--input names ${first.what}` };
}

/** Options that only one source reads. */
const ownOptions: Readonly<Partial<Record<TitleSource['name'], readonly OptionName[]>>> = {
  csv: ['column', 'header', 'quotes'],
  duckdb: ['strict'],
  bigquery: ['project', 'location', 'table'],
};
const sourcesInWords = { csv: 'files of titles', duckdb: 'dumps', bigquery: 'BigQuery' } as const;

/** @throws TitlesmithError `usage` naming an option that has a value but that the decided source would not look at. */
function checkSourceOptions(name: string, options: RunOptions): void {
  const defaults = defaultOptions();
  for (const [source, names] of Object.entries(ownOptions)) {
    const given = source === name ? undefined : names.find((key) => options[key] !== defaults[key]);
    if (given === undefined) continue;
    const what = sourcesInWords[source as keyof typeof sourcesInWords];
    throw usageError(`${flagOf(given)} is for ${what}, but the source is ${name}.`, 'Leave it out.');
  }
}

/** Opens the decided source of a run. @throws TitlesmithError when its files or credentials are missing. */
export async function openRunSource(name: string, options: RunOptions): Promise<TitleSource> {
  checkSourceOptions(name, options);
  const { input, column, header, quotes, strict } = options;
  return openSource(name as TitleSource['name'], {
    input,
    column,
    header,
    quotes,
    strict,
    bigquery: bigqueryOptions(options),
  });
}

function bigqueryOptions({ project, location, table, maxBytesBilled }: RunOptions): BigquerySourceOptions {
  return { project, location, dataset: table, maximumBytesBilled: maxBytesBilled };
}

/**
 * The bytes the runs' BigQuery query would read and their price, as one line.
 * @throws TitlesmithError when the source is not BigQuery, or BigQuery rejects the query.
 */
export async function describeCost(name: string, options: RunOptions): Promise<string> {
  if (name !== 'bigquery')
    throw usageError(`--dry-run asks BigQuery, but the source is ${name}.`, 'Leave it out.');
  requireBigquery();
  const { bigqueryCost } = await import('../../data/sources/bigquery/bigquery-source.js');
  const bytes = await bigqueryCost(titleQuery(options), bigqueryOptions(options));
  return `BigQuery would read ${costInWords(bytes)}`;
}
