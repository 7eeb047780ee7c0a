import { commonFormat } from './dump-format.js';
import { filesInWords, fingerprintFiles, resolveInputFiles } from './input-files.js';
import { wantedSubreddits } from './subreddit-name.js';
import type { TitleSource } from './title-source.js';

/** How a source over dumps shows itself. */
export interface DumpSourceOptions {
  readonly name: 'duckdb' | 'sample';
  /** One line, without folders. */
  readonly description: string;
  /** Fails at the first line that is no post, instead of counting it. */
  readonly strict?: boolean;
}

/**
 * Dumps of Reddit posts: NDJSON by a reader of titlesmith's own, CSV and Parquet by DuckDB; `.gz` and `.zst` too. Both
 * answer as `queries/top-titles.duckdb.sql` says.
 * @param paths files or patterns.
 * @throws TitlesmithError when a file is not there, nothing matches, or formats are mixed.
 */
export async function openDumpSource(
  paths: readonly string[],
  { strict = false }: { readonly strict?: boolean } = {},
): Promise<TitleSource> {
  const files = await resolveInputFiles('duckdb', paths, async (pattern) => {
    const { expandPattern } = await import('./duckdb/posts.js');
    return expandPattern(pattern);
  });
  return dumpSource(files, { name: 'duckdb', description: `dumps of posts: ${filesInWords(files)}`, strict });
}

/** A source over the given files, which must be there. @throws TitlesmithError when formats are mixed. */
export function dumpSource(
  files: readonly string[],
  { name, description, strict = false }: DumpSourceOptions,
): TitleSource {
  const format = commonFormat(files);
  return {
    name,
    describe: () => description,
    fingerprint: async () => `${name} ${strict}\n${await fingerprintFiles(files)}`,
    async *rows(query, context) {
      const names = wantedSubreddits(query, name);
      if (format === 'ndjson') {
        const { ndjsonRows } = await import('./ndjson/ndjson.js');
        yield* ndjsonRows(files, names, query, { strict }, context);
      } else {
        const { tableRows } = await import('./duckdb/duckdb.js');
        yield* tableRows(format, files, names, query, { strict }, context);
      }
    },
  };
}
