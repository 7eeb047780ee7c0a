import { usageError } from '../../common/errors.js';
import type { BigquerySourceOptions } from '../../data/sources/bigquery/bigquery-source.js';
import { costInWords } from '../../data/sources/bigquery/query-cost.js';
import { detectSource } from '../../data/sources/detect-source.js';
import { openSource } from '../../data/sources/open-source.js';
import type { TitleQuery, TitleSource } from '../../data/sources/title-source.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decision } from '../run/manifest.js';

/** Pushshift's RS_2019-03.zst has no other ending; nothing but dumps is packed with zstd. */
const dumpFile = /\.(ndjson|jsonl?|parquet)(\.gz)?$|\.zst$|(^|[\\/])RS_\d{4}-\d{2}[^\\/]*$/i;

/** The source a run reads, and why. A source given by name never becomes another. */
export function decideSource(options: RunOptions): Decision {
  const { source, input } = options;
  if (source !== 'auto') return { choice: source, reason: 'named with --source' };
  const [path] = input;
  if (path === undefined) {
    const { name, reason } = detectSource();
    return { choice: name, reason };
  }
  if (dumpFile.test(path)) return { choice: 'duckdb', reason: '--input names a dump of posts' };
  return { choice: 'csv', reason: '--input names a file of titles' };
}

/** Opens the decided source of a run. @throws TitlesmithError when its files or credentials are missing. */
export async function openRunSource(name: string, options: RunOptions): Promise<TitleSource> {
  const { input, column, header, strict } = options;
  return openSource(name as TitleSource['name'], {
    input,
    column,
    header,
    strict,
    bigquery: bigqueryOptions(options),
  });
}

function bigqueryOptions({ project, location, table, maxBytesBilled }: RunOptions): BigquerySourceOptions {
  return { project, location, dataset: table, maximumBytesBilled: maxBytesBilled };
}

/**
 * What the question of these runs would read in BigQuery, and cost, as one line.
 * @throws TitlesmithError when the source is another, or BigQuery refuses.
 */
export async function describeCost(name: string, options: RunOptions): Promise<string> {
  if (name !== 'bigquery')
    throw usageError(`--dry-run asks BigQuery, but the source is ${name}.`, 'Leave it out.');
  const { bigqueryCost } = await import('../../data/sources/bigquery/bigquery-source.js');
  const bytes = await bigqueryCost(titleQuery(options), bigqueryOptions(options));
  return `BigQuery would read ${costInWords(bytes)}`;
}

/** The question a run asks of its source. */
export function titleQuery(options: RunOptions): TitleQuery {
  const { subreddit, from, to, limit, minLength } = options;
  return { subreddits: subreddit, from, to, limit, minLength };
}
