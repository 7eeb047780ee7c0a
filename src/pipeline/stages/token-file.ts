import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, InterruptedError, TitlesmithError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { readDataset } from '../../data/dataset-files.js';
import { writeChunksAtomic } from '../../io/atomic-file.js';
import { tokenChunks } from '../../model/tokenizer/token-chunks.js';
import {
  TitleEncoder,
  type TokenIds,
  type TokenizedTitles,
  type TokenLimits,
  tokenArray,
} from '../../model/tokenizer/tokenized-titles.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type { TrainingData } from '../../model/training/training-plan.js';
import { checkArgument, hasMethod, isText, required } from '../../options/call-arguments.js';
import { runFiles } from '../../run/run-files.js';

/** Size of the buffer for scanning a file, in tokens. */
const bufferTokens = 2 ** 18;

/**
 * Streams titles to a file of token ids: each title's ids and the end token, little-endian, as uint16 if the vocabulary
 * fits, else uint32. The layout of nanoGPT's train.bin.
 * @returns the number of titles skipped for having more than `maximumTokens`.
 * @throws TitlesmithError when the file cannot be written.
 */
export async function writeTokens(
  path: string,
  titles: AsyncIterable<string> | Iterable<string>,
  tokenizer: Tokenizer,
  limits: TokenLimits,
): Promise<{ readonly tooLong: number }> {
  checkArgument('writeTokens', 'path', path, isText);
  checkArgument('writeTokens', 'tokenizer', tokenizer, required(hasMethod('encode', 'tokenizer')));
  const encoder = new TitleEncoder(tokenizer, limits);
  await writeChunksAtomic(path, tokenChunks(titles, tokenizer, encoder));
  return { tooLong: encoder.tooLong };
}

/** A growing array of title offsets. */
class Offsets {
  private values = new Uint32Array(2 ** 12);
  private count = 1;

  push(offset: number): void {
    if (this.count === this.values.length) {
      const grown = new Uint32Array(2 * this.count);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.count] = offset;
    this.count += 1;
  }

  /** 0, then the end of each title. */
  all(): Uint32Array {
    return this.values.slice(0, this.count);
  }
}

/** The titles of a file written by {@link writeTokens}: offsets in memory, tokens read from disk on demand. */
export class TokenFile implements TokenizedTitles {
  private readonly title: TokenIds;

  private constructor(
    private readonly path: string,
    private readonly descriptor: number,
    readonly offsets: Uint32Array,
    vocabularySize: number,
  ) {
    let longest = 0;
    for (let title = 1; title < offsets.length; title++) {
      longest = Math.max(longest, offsets[title]! - offsets[title - 1]!);
    }
    this.title = tokenArray(vocabularySize, longest);
  }

  /**
   * Opens a file written with the same tokenizer, and scans it once for the end tokens.
   * @throws TitlesmithError when it cannot be read, or does not end with the end token.
   */
  static open(path: string, { endOfTextId, vocabularySize }: Tokenizer): TokenFile {
    const buffer = tokenArray(vocabularySize, bufferTokens);
    const offsets = new Offsets();
    let [tokens, isWhole] = [0, true];
    const descriptor = withReadErrors(path, () => openSync(path, 'r'));
    try {
      for (;;) {
        const bytes = withReadErrors(path, () => readSync(descriptor, buffer));
        if (bytes === 0) break;
        const read = buffer.subarray(0, Math.floor(bytes / buffer.BYTES_PER_ELEMENT));
        for (const token of read) {
          if (token === endOfTextId) offsets.push(tokens);
          else tokens += 1;
        }
        isWhole = read.at(-1) === endOfTextId && read.byteLength === bytes;
      }
      if (!isWhole) throw cutShort(path);
      return new TokenFile(path, descriptor, offsets.all(), vocabularySize);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  tokensOf(title: number): TokenIds {
    const [start, end] = [this.offsets[title]!, this.offsets[title + 1]!];
    const tokens = this.title.subarray(0, end - start);
    // Offsets do not count the end tokens: one for each title before this one.
    const position = (start + title) * tokens.BYTES_PER_ELEMENT;
    withReadErrors(this.path, () => readSync(this.descriptor, tokens, 0, tokens.byteLength, position));
    return tokens;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function cutShort(path: string): TitlesmithError {
  return new TitlesmithError(`${path} ends in the middle of a title.`, {
    code: 'tokens-damaged',
    hint: 'Run the finetune stage again.',
  });
}

function withReadErrors<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw fileError('read', path, error);
  }
}

/** Titles between two progress events. */
const reportEvery = 20_000;

/**
 * Streams the titles of a dataset file and reports progress.
 * @throws TitlesmithError for a malformed line; InterruptedError.
 */
export async function* datasetTitles(
  path: string,
  label: string,
  { onProgress, signal }: WorkContext,
): AsyncGenerator<string> {
  let done = 0;
  for await (const title of readDataset(path)) {
    done += 1;
    if (done % reportEvery === 0) {
      if (signal.aborted) throw new InterruptedError();
      onProgress({ kind: 'progress', label, done, unit: 'titles' });
    }
    yield title;
  }
}

/**
 * Writes a run's dataset as token files. Titles with too many tokens are skipped, with a warning.
 * @param folders the run folder with the dataset, and where the token files go.
 * @returns the number of titles skipped.
 * @throws TitlesmithError for a file that is malformed or cannot be written; InterruptedError.
 */
export async function tokenizeDataset(
  { dataset, into }: { readonly dataset: string; readonly into: string },
  tokenizer: Tokenizer,
  limits: TokenLimits,
  context: WorkContext,
): Promise<number> {
  let tooLong = 0;
  const tokenize = async (titles: string, tokens: string): Promise<void> => {
    const watched = datasetTitles(join(dataset, titles), 'tokenize', context);
    tooLong += (await writeTokens(join(into, tokens), watched, tokenizer, limits)).tooLong;
  };
  await tokenize(runFiles.train, runFiles.trainTokens);
  await tokenize(runFiles.validation, runFiles.validationTokens);
  if (tooLong === 0) return tooLong;
  const message = `${tooLong} titles of more than ${limits.maximumTokens} tokens are left out of training.`;
  context.onProgress({ kind: 'warning', message });
  return tooLong;
}

/**
 * Passes the titles that {@link tokenizeDataset} wrote into a folder, and closes the files once `use` has ended.
 * @throws TitlesmithError for a file that cannot be read or is cut short; what `use` throws.
 */
export async function withTokens<Result>(
  folder: string,
  tokenizer: Tokenizer,
  use: (data: TrainingData) => Promise<Result> | Result,
): Promise<Result> {
  const train = TokenFile.open(join(folder, runFiles.trainTokens), tokenizer);
  const validation = TokenFile.open(join(folder, runFiles.validationTokens), tokenizer);
  try {
    return await use({ train, validation });
  } finally {
    train.close();
    validation.close();
  }
}
