import { join } from 'node:path';
import { usageError } from '../../common/errors.js';
import { requireOptionalPackage } from '../../io/optional-package.js';
import { packageRoot } from '../../io/package-root.js';
import { filesInWords, fingerprintFiles, resolveInputFiles } from './input-files.js';
import { requestedSubreddits, type TitleSource } from './title-source.js';

const dumpFormats = ['ndjson', 'csv', 'parquet'] as const;
type DumpFormat = (typeof dumpFormats)[number];

/**
 * What a dump is, by its name: `.csv`, `.parquet`, else NDJSON, as Pushshift's `RS_2019-03.zst` has no other ending; Arctic
 * Shift's `.zst_blocks` hold the same objects. `.gz` and `.zst` behind it are compression.
 */
function formatOfFile(path: string): DumpFormat {
  const name = path.replace(/\.(gz|zst)$/i, '').toLowerCase();
  return dumpFormats.find((format) => name.endsWith(`.${format}`)) ?? 'ndjson';
}

/** The one format of all files. @throws TitlesmithError when they differ. */
function commonFormat(files: readonly string[]): DumpFormat {
  const [first = '', ...others] = files;
  const format = formatOfFile(first);
  const different = others.find((file) => formatOfFile(file) !== format);
  if (different === undefined) return format;
  throw usageError(
    `--input mixes formats: ${first} is ${format}, ${different} is ${formatOfFile(different)}.`,
    'Name files of one format.',
  );
}

/**
 * Checks that what reads dumps is here: DuckDB for those in CSV and Parquet.
 * @throws TitlesmithError `package-missing` with the command that installs it.
 */
export function requireReader(files: readonly string[]): void {
  const tables = files.filter((file) => formatOfFile(file) !== 'ndjson');
  if (tables.length > 0)
    requireOptionalPackage('@duckdb/node-api', `Reading dumps in CSV or Parquet (${filesInWords(tables)})`);
}

/** How a source over dumps shows itself. */
interface DumpSourceOptions {
  readonly name: 'duckdb' | 'sample';
  /** One line, without folders. */
  readonly description: string;
  /** Fails at the first line that is no post, instead of counting it. */
  readonly strict?: boolean;
}

/**
 * Dumps of Reddit posts: NDJSON by a reader of titlesmith's own (`.zst_blocks` too), CSV and Parquet by DuckDB; `.gz` and `.zst` too. Both
 * answer as `queries/top-titles.duckdb.sql` says.
 * @param paths files or patterns.
 * @throws TitlesmithError when a file is not there, nothing matches, formats are mixed, or DuckDB is needed and missing.
 */
export async function openDumpSource(
  paths: readonly string[],
  { strict = false }: { readonly strict?: boolean } = {},
): Promise<TitleSource> {
  const files = await resolveInputFiles('duckdb', paths);
  return dumpSource(files, { name: 'duckdb', description: `dumps of posts: ${filesInWords(files)}`, strict });
}

/** A source over the given files, which must be there. @throws TitlesmithError when formats are mixed, or DuckDB is missing. */
export function dumpSource(
  files: readonly string[],
  { name, description, strict = false }: DumpSourceOptions,
): TitleSource {
  const format = commonFormat(files);
  requireReader(files);
  return {
    name,
    describe: () => description,
    fingerprint: async () => `${name} ${strict}\n${await fingerprintFiles(files)}`,
    async *rows(query, context) {
      const names = requestedSubreddits(query, name);
      if (format === 'ndjson') {
        const { ndjsonRows } = await import('./ndjson/ndjson-rows.js');
        yield* ndjsonRows(files, names, query, { strict }, context);
      } else {
        const { tableRows } = await import('./duckdb/table-rows.js');
        yield* tableRows(format, files, names, query, { strict }, context);
      }
    },
  };
}

/** The bundled posts, in the shape of a dump: made up by a generator, so that everything works without an account. */
export const samplePath: string = join(packageRoot, 'data', 'sample-posts.ndjson.gz');

/** The sample as a source: read as any dump is. */
export function openSampleSource(): TitleSource {
  return dumpSource([samplePath], {
    name: 'sample',
    description: 'the bundled sample: made-up posts, not from Reddit',
  });
}
