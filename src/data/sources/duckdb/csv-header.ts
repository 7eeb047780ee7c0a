import { readDecompressed } from '../../../io/compression/compressed-file.js';
import { parseCsv } from '../../../io/csv.js';

/** Bytes of the beginning of a file in which its header must end. */
const mostBytes = 2 ** 20;

/**
 * The first record of a CSV dump, packed or not; empty where the file is.
 * @throws TitlesmithError when it cannot be read.
 */
export async function csvHeader(path: string): Promise<readonly string[]> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of readDecompressed(path)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= mostBytes) break;
  }
  for await (const record of parseCsv(firstRecord(text), path)) return record;
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
