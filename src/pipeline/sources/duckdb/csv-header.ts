import { csvRecords } from '../csv/records.js';
import { unpack } from '../ndjson/unpack.js';

async function* decoded(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of unpack(path)) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
}

/**
 * The first record of a CSV dump, packed or not; empty where the file is.
 * @throws TitlesmithError when it cannot be read.
 */
export async function csvHeader(path: string): Promise<readonly string[]> {
  for await (const record of csvRecords(decoded(path), path)) return record;
  return [];
}
