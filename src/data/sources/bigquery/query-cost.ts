import { TitlesmithError } from '../../../common/errors.js';
import { formatBytes } from '../../../common/number-formats.js';

/** On-demand price of BigQuery in the US, dollars per TiB read; the first TiB of a month is free. */
const dollarsPerTebibyte = 6.25;
const tebibyte = 2 ** 40;

/** `30.1 GB, at most $0.17 (…)`: what a query of so many bytes costs. */
export function costInWords(bytes: number): string {
  const dollars = (bytes / tebibyte) * dollarsPerTebibyte;
  const price = dollars < 0.01 ? 'less than $0.01' : `$${dollars.toFixed(2)}`;
  return `${formatBytes(bytes)}, ${price} at $${dollarsPerTebibyte} a TiB, the first TiB of a month free`;
}

/** @throws TitlesmithError when a query would read more than is allowed. */
export function checkCost(bytes: number, maximumBytesBilled: number): void {
  if (bytes <= maximumBytesBilled) return;
  throw new TitlesmithError(
    `BigQuery would read ${costInWords(bytes)}: more than the ${formatBytes(maximumBytesBilled)} allowed.`,
    {
      code: 'bigquery-cost',
      hint:
        `Ask for fewer months with --from and --to, or allow it with --max-bytes-billed ${bytes}. ` +
        'Or read dumps of posts: --source duckdb --input RS_*.zst.',
    },
  );
}
