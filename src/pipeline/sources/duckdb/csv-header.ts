import { csvRecords } from '../csv/records.js';
import { unpack } from '../ndjson/unpack.js';

/** Bytes of the beginning of a file in which its header must end. */
const mostBytes = 2 ** 20;

/**
 * The first record of a CSV dump, packed or not; empty where the file is.
 * @throws TitlesmithError when it cannot be read.
 */
export async function csvHeader(path: string): Promise<readonly string[]> {
  const decoder = new TextDecoder();
  let text = '';
  await unpack(path, (piece) => {
    text += decoder.decode(piece, { stream: true });
    return text.length < mostBytes;
  });
  for await (const record of csvRecords(piecesOf(text), path)) return record;
  return [];
}

async function* piecesOf(text: string): AsyncGenerator<string> {
  yield text;
}
