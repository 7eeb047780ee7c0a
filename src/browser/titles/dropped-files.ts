import { TitlesmithError, usageError } from '../../common/errors.js';
import { Sha256 } from '../../common/sha256.js';
import type { CsvLayoutOptions } from '../../data/sources/csv-layout.js';
import { checkKnownCompression, namesInWords } from '../../data/sources/file-reading.js';
import { titleFilesSource } from '../../data/sources/title-files-source.js';
import type { TitleSource } from '../../data/sources/title-source.js';
import { decompressedStream } from '../../io/compression/decompressed-stream.js';
import { streamChunks } from '../../io/compression/web-streams.js';
import { decodeText } from '../../io/text-encoding.js';

/** A file of titles: a `File` that a person chose or dropped, or anything with a name and bytes. */
export interface TitleFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  stream(): ReadableStream<Uint8Array>;
}

/** What reading ends with where a file that was chosen is gone or changed: browsers refuse to read it. */
function fileFault(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || !['NotFoundError', 'NotReadableError'].includes(error.name)) return error;
  return new TitlesmithError(`Cannot read ${name}: it is gone, or was changed since it was chosen.`, {
    code: 'file-changed',
    hint: 'Choose it again.',
    cause: error,
  });
}

/** Name, size and SHA-256 of a file, as Node's side has them of one below 256 MiB. */
async function identityOf(file: TitleFile): Promise<string> {
  const hash = new Sha256();
  try {
    for await (const chunk of streamChunks(file.stream())) hash.update(chunk);
  } catch (error) {
    throw fileFault(file.name, error);
  }
  return `${file.name} ${file.size} ${hash.hex()}`;
}

/** SHA-256 of each file by its name, size and place, as one text. */
export async function identityOfFiles(files: readonly TitleFile[]): Promise<string> {
  const parts: string[] = [];
  for (const file of files) parts.push(await identityOf(file));
  return parts.join('\n');
}

async function* bytesOf(file: TitleFile): AsyncGenerator<Uint8Array> {
  try {
    yield* decompressedStream(file.name, file.stream());
  } catch (error) {
    throw fileFault(file.name, error);
  }
}

/**
 * Files that a person chose as a source of titles, read by the rules of `--input`.
 * @throws TitlesmithError when there is none, or one is compressed as nothing here decompresses.
 */
export function droppedFilesSource(files: readonly TitleFile[], options: CsvLayoutOptions): TitleSource {
  if (files.length === 0) throw usageError('No file of titles was given.', 'Choose at least one.');
  for (const { name } of files) checkKnownCompression(name);
  const named = {
    files: files.map((file) => ({
      path: file.name,
      name: file.name,
      text: (onRemark?: (message: string) => void) => decodeText(bytesOf(file), file.name, onRemark),
    })),
    inWords: namesInWords(files.map(({ name }) => name)),
    fingerprint: () => identityOfFiles(files),
  };
  return titleFilesSource(named, options);
}
