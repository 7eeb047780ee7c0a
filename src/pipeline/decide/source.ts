import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { usageError } from '../../common/errors.js';
import type { BigquerySourceOptions } from '../../data/sources/bigquery/bigquery-source.js';
import { costInWords } from '../../data/sources/bigquery/query-cost.js';
import { detectSource } from '../../data/sources/detect-source.js';
import { openSource } from '../../data/sources/open-source.js';
import type { TitleQuery, TitleSource } from '../../data/sources/title-source.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decision } from '../run/manifest.js';

/** Names of dumps, Pushshift's RS_2019-03.zst among them; no other input is compressed with zstd. */
const dumpFile = /\.(ndjson|jsonl?|parquet)(\.gz)?$|\.zst(_blocks)?$|(^|[\\/])RS_\d{4}-\d{2}[^\\/]*$/i;

const jsonFile = /\.(ndjson|jsonl?)(\.gz)?$/i;
/** Bytes of a JSON file looked at: more than a post has. */
const beginningBytes = 2 ** 16;

/** Text that no dump is, also where it is compressed as dumps are. */
const textFile = /\.txt\.zst$/i;

/** Whether a JSON file is an array, which no dump is, or its first line has a title or text but no subreddit with a score. */
function holdsTitlesAlone(path: string): boolean {
  let file: number | undefined;
  try {
    // A pipe is read once only; a file that is not there is told of when it is opened.
    if (!statSync(path).isFile()) return false;
    file = openSync(path, 'r');
    const bytes = Buffer.alloc(beginningBytes);
    const read = bytes.subarray(0, readSync(file, bytes));
    const isGzip = read[0] === 0x1f && read[1] === 0x8b;
    // As far as it goes: the rest of the compressed data is not read.
    const beginning = isGzip ? gunzipSync(read, { finishFlush: constants.Z_SYNC_FLUSH }) : read;
    const [line = ''] = beginning
      .toString('utf8')
      .replace(/^\uFEFF?\s+|^\uFEFF/, '')
      .split(/[\r\n]/, 1);
    if (line.startsWith('[') || line.startsWith('"')) return true;
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

/** Chooses the source. A source named by the user is never replaced by another. */
export function decideSource(options: RunOptions): Decision {
  const { source, input } = options;
  if (source !== 'auto') return { choice: source, reason: 'named with --source' };
  const [path] = input;
  if (path === undefined) {
    const { name, reason } = detectSource();
    return { choice: name, reason };
  }
  if (jsonFile.test(path) && holdsTitlesAlone(path))
    return { choice: 'csv', reason: '--input names a JSON file of titles, not of posts' };
  if (dumpFile.test(path) && !textFile.test(path))
    return { choice: 'duckdb', reason: '--input names a dump of posts' };
  return { choice: 'csv', reason: '--input names a file of titles' };
}

/** Opens the decided source of a run. @throws TitlesmithError when its files or credentials are missing. */
export async function openRunSource(name: string, options: RunOptions): Promise<TitleSource> {
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
  const { bigqueryCost } = await import('../../data/sources/bigquery/bigquery-source.js');
  const bytes = await bigqueryCost(titleQuery(options), bigqueryOptions(options));
  return `BigQuery would read ${costInWords(bytes)}`;
}

/** The query of a run to its source. */
export function titleQuery(options: RunOptions): TitleQuery {
  const { subreddit, from, to, limit, minLength } = options;
  return { subreddits: subreddit, from, to, limit, minLength };
}
