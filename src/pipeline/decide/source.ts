import { detectSource } from '../../data/sources/detect.js';
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
