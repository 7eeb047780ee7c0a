import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gpt2Tokenizer } from '../../../src/model/tokenizer/gpt2.js';
import type { TokenizedTitles } from '../../../src/model/tokenizer/tokenized-titles.js';
import { tokenizeTitles } from '../../../src/model/tokenizer/tokenized-titles.js';
import type { Tokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import { BatchStream, evaluationBatches } from '../../../src/model/training/batches.js';
import { TokenFile, writeTokens } from '../../../src/pipeline/stages/token-file.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titlesmith-tokens-'));
});
afterEach(async () => rm(folder, { recursive: true }));

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `A title, the ${index}th`);

/** All titles, each as its ids. */
const idsOf = (titles: TokenizedTitles): number[][] =>
  Array.from({ length: titles.offsets.length - 1 }, (_, title) => [...titles.tokensOf(title)]);

describe('a file of tokens', () => {
  const tokenizer = gpt2Tokenizer();

  it('holds each id in 16 bits, little-endian, with the end token behind each title', async () => {
    const path = join(folder, 'train.bin');
    expect(await writeTokens(path, ['Hello world', 'Hello'], tokenizer, { maximumTokens: 8 })).toEqual({
      tooLong: 0,
    });
    const bytes = await readFile(path);
    const ids = Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16LE(2 * index));
    expect(ids).toEqual([15496, 995, 50256, 15496, 50256]);
  });

  it('gives the titles, offsets and counts that memory would, in any order', async () => {
    let serial = 0;
    const title = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constant('<|endoftext|>'));
    await fc.assert(
      fc.asyncProperty(fc.array(title), async (list) => {
        serial += 1;
        const path = join(folder, `${serial}.bin`);
        const expected = tokenizeTitles(list, tokenizer, { maximumTokens: 6 });
        const { tooLong } = await writeTokens(path, list, tokenizer, { maximumTokens: 6 });
        const file = TokenFile.open(path, tokenizer);
        expect(tooLong).toBe(expected.tooLong);
        expect(file.offsets).toEqual(expected.titles.offsets);
        expect(idsOf(file)).toEqual(idsOf(expected.titles));
        for (let at = list.length - 1 - tooLong; at >= 0; at--) {
          expect(file.tokensOf(at)).toEqual(expected.titles.tokensOf(at));
        }
        file.close();
      }),
      { numRuns: 12 },
    );
  });

  it('gives the batches that memory would', async () => {
    // More than is written and read at once.
    const list = numbered(60_000);
    const path = join(folder, 'train.bin');
    const limits = { maximumTokens: 63 };
    await writeTokens(path, list, tokenizer, limits);
    const file = TokenFile.open(path, tokenizer);
    const { titles } = tokenizeTitles(list, tokenizer, limits);
    const options = { batchSize: 4, rowLength: 64, endOfTextId: tokenizer.endOfTextId, seed: 7 };
    const [onDisk, inMemory] = [new BatchStream(file, options), new BatchStream(titles, options)];
    for (const step of [0, 1000, inMemory.rowsPerEpoch / 4]) {
      expect(onDisk.batch(Math.floor(step))).toEqual(inMemory.batch(Math.floor(step)));
    }
    expect(evaluationBatches(file, options).next()).toEqual(evaluationBatches(titles, options).next());
    file.close();
  });

  it('takes 32 bits an id where the vocabulary is larger', async () => {
    const words: Tokenizer = {
      ...tokenizer,
      vocabularySize: 100_001,
      endOfTextId: 100_000,
      encode: (text) => text.split(' ').map(Number),
      tokenBytes: () => new Uint8Array(9),
    };
    const path = join(folder, 'train.bin');
    await writeTokens(path, ['99999 65536', '1'], words, { maximumTokens: 4 });
    expect((await readFile(path)).length).toBe(5 * 4);
    const file = TokenFile.open(path, words);
    expect(idsOf(file)).toEqual([[99999, 65536], [1]]);
    file.close();
  });

  it('refuses a file that is cut short, and leaves none where writing fails', async () => {
    const path = join(folder, 'train.bin');
    await writeTokens(path, numbered(9), tokenizer, { maximumTokens: 20 });
    const bytes = await readFile(path);
    for (const length of [bytes.length - 1, bytes.length - 2, 1]) {
      await writeFile(path, bytes.subarray(0, length));
      expect(() => TokenFile.open(path, tokenizer)).toThrow('train.bin ends in the middle of a title');
    }
    async function* broken(): AsyncGenerator<string> {
      yield 'Hello';
      throw new Error('no more');
    }
    const other = join(folder, 'other.bin');
    await expect(writeTokens(other, broken(), tokenizer, { maximumTokens: 9 })).rejects.toThrow('no more');
    expect(await readdir(folder)).toEqual(['train.bin']);
    expect(() => TokenFile.open(other, tokenizer)).toThrow('no such file');
  });
});
