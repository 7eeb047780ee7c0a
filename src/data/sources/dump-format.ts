import { usageError } from '../../common/errors.js';

export const dumpFormats = ['ndjson', 'csv', 'parquet'] as const;
export type DumpFormat = (typeof dumpFormats)[number];

/**
 * What a dump is, by its name: `.csv`, `.parquet`, else NDJSON, as Pushshift's `RS_2019-03.zst` has no other
 * ending. `.gz` and `.zst` behind it are compression.
 */
export function formatOfFile(path: string): DumpFormat {
  const name = path.replace(/\.(gz|zst)$/i, '').toLowerCase();
  return dumpFormats.find((format) => name.endsWith(`.${format}`)) ?? 'ndjson';
}

/** The one format of all files. @throws TitlesmithError when they differ. */
export function commonFormat(files: readonly string[]): DumpFormat {
  const [first = '', ...others] = files;
  const format = formatOfFile(first);
  const different = others.find((file) => formatOfFile(file) !== format);
  if (different === undefined) return format;
  throw usageError(
    `--input mixes formats: ${first} is ${format}, ${different} is ${formatOfFile(different)}.`,
    'Name files of one format.',
  );
}
