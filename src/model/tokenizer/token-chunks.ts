import { type TitleEncoder, tokenArray } from './tokenized-titles.js';
import type { Tokenizer } from './tokenizer.js';

/** Tokens in a chunk, about. */
const chunkTokens = 2 ** 18;

/**
 * The bytes of a file of tokens: each title's ids and the end token, little-endian, as uint16 if the vocabulary fits, else
 * uint32. The layout of nanoGPT's train.bin.
 * @param encoder counts the titles that are left out.
 */
export async function* tokenChunks(
  titles: AsyncIterable<string> | Iterable<string>,
  { endOfTextId, vocabularySize }: Tokenizer,
  encoder: TitleEncoder,
): AsyncGenerator<Uint8Array> {
  let gathered = tokenArray(vocabularySize, chunkTokens);
  let count = 0;
  const bytes = (): Uint8Array => new Uint8Array(gathered.buffer, 0, count * gathered.BYTES_PER_ELEMENT);
  for await (const title of titles) {
    const encoded = encoder.encode(title);
    if (encoded === undefined) continue;
    if (count > 0 && count + encoded.length + 1 > gathered.length) {
      yield bytes();
      count = 0;
    }
    if (encoded.length + 1 > gathered.length) gathered = tokenArray(vocabularySize, encoded.length + 1);
    gathered.set(encoded, count);
    gathered[count + encoded.length] = endOfTextId;
    count += encoded.length + 1;
  }
  if (count > 0) yield bytes();
}
