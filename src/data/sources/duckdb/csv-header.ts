import { unpack } from '../../../io/compression/unpack.js';
import { csvRecords } from '../../../io/csv/csv-records.js';

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
  for await (const record of csvRecords(firstRecord(text), path)) return record;
  return [];
}

/** The text up to the first line break outside quotes: what comes behind may be faulty, which is told of later. */
async function* firstRecord(text: string): AsyncGenerator<string> {
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') quoted = !quoted;
    else if (!quoted && (text[at] === '\n' || text[at] === '\r')) {
      yield text.slice(0, at);
      return;
    }
  }
  yield text;
}
