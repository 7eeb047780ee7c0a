import { InterruptedError, TitlesmithError, usageError } from '../../common/errors.js';
import { silentContext, type WorkContext } from '../../common/progress.js';
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

/** Milliseconds for which reading may keep the worker from hearing that a person wants to stop. */
const longestMs = 200;

/** Chunks, between which the worker hears what has come. @throws InterruptedError once the signal is aborted. */
async function* heedful(
  chunks: AsyncIterable<Uint8Array>,
  { signal }: Pick<WorkContext, 'signal'>,
): AsyncGenerator<Uint8Array> {
  let last = performance.now();
  for await (const chunk of chunks) {
    if (performance.now() - last > longestMs) {
      await new Promise((resolve) => setTimeout(resolve));
      last = performance.now();
    }
    if (signal.aborted) throw new InterruptedError();
    yield chunk;
  }
}

/** Name, size and SHA-256 of a file, as Node's side has them of one below 256 MiB. */
async function identityOf(file: TitleFile, context: Pick<WorkContext, 'signal'>): Promise<string> {
  const hash = new Sha256();
  try {
    for await (const chunk of heedful(streamChunks(file.stream()), context)) hash.update(chunk);
  } catch (error) {
    throw fileFault(file.name, error);
  }
  return `${file.name} ${file.size} ${hash.hex()}`;
}

/** SHA-256 of each file by its name, size and place, as one text. */
export async function identityOfFiles(
  files: readonly TitleFile[],
  context: Pick<WorkContext, 'signal'> = silentContext,
): Promise<string> {
  const parts: string[] = [];
  for (const file of files) parts.push(await identityOf(file, context));
  return parts.join('\n');
}

async function* bytesOf(file: TitleFile, context: Pick<WorkContext, 'signal'>): AsyncGenerator<Uint8Array> {
  try {
    yield* heedful(decompressedStream(file.name, file.stream()), context);
  } catch (error) {
    throw fileFault(file.name, error);
  }
}

/**
 * Files that a person chose as a source of titles, read by the rules of `--input`.
 * @param context whose signal ends the reading, however much a file unpacks to.
 * @throws TitlesmithError when there is none, or one is compressed as nothing here decompresses.
 */
export function droppedFilesSource(
  files: readonly TitleFile[],
  options: CsvLayoutOptions,
  context: Pick<WorkContext, 'signal'> = silentContext,
): TitleSource {
  if (files.length === 0) throw usageError('No file of titles was given.', 'Choose at least one.');
  for (const { name } of files) checkKnownCompression(name);
  const named = {
    files: files.map((file) => ({
      path: file.name,
      name: file.name,
      text: (onRemark?: (message: string) => void) => decodeText(bytesOf(file, context), file.name, onRemark),
    })),
    inWords: namesInWords(files.map(({ name }) => name)),
    fingerprint: () => identityOfFiles(files, context),
  };
  return titleFilesSource(named, options);
}
