import { InterruptedError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { type ContentHash, Sha256 } from '../../common/sha256.js';
import { readTar, type TarEntry } from '../../io/tar.js';
import { manifestFileName } from '../manifest.js';
import {
  archiveError,
  checksumsName,
  compareChecksums,
  isExcluded,
  parseChecksums,
} from './archive-format.js';

/** Maximum number of files; no run has as many. */
const maxFiles = 20_000;
/** Limits against archives made to fill the disk: the expansion ratio, checked beyond the first 64 MiB. */
const [maxExpansion, uncheckedBytes] = [200, 2 ** 26];
/** Maximum size of the list of checksums in bytes. */
const maxChecksumsBytes = 2 ** 22;

/** Splits an entry's path into the run folder's name and the path below it. @throws TitlesmithError for an unsafe path. */
function innerPath({ name, type }: TarEntry, place: string): { top: string; path: string } {
  if (type !== 'file') throw archiveError(place, `${JSON.stringify(name)} is a ${type}, not a file`);
  const parts = name.split('/');
  const isSafe = parts.every(
    (part) => part !== '' && part !== '.' && part !== '..' && !/[\\:\p{Cc}]/u.test(part),
  );
  const [top = '', ...rest] = parts;
  if (!isSafe || rest.length === 0) {
    throw archiveError(place, `${JSON.stringify(name)} does not lie in the run's folder`);
  }
  const path = rest.join('/');
  if (isExcluded(path)) throw archiveError(place, `${JSON.stringify(name)} is a lock or an unfinished file`);
  return { top, path };
}

/** The text of the list of checksums. */
async function readBounded({ content }: TarEntry, place: string): Promise<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let [text, size] = ['', 0];
  for await (const chunk of content) {
    size += chunk.length;
    if (size > maxChecksumsBytes) throw archiveError(place, `its ${checksumsName} is too long`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** An entry's content, hashed as it goes by. */
async function* hashed(
  { content }: TarEntry,
  hash: ContentHash,
  watch: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    watch(chunk.length);
    hash.update(chunk);
    yield chunk;
  }
}

/** An archive to unpack. */
interface PackedRun {
  /** What messages call it. */
  readonly name: string;
  read(): AsyncIterable<Uint8Array>;
}

/** How an archive is unpacked. */
interface Unpacking {
  /** Decompresses a stream of bytes, whatever it is compressed with. */
  readonly decompress: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
  /** Writes a file of the run, by its path in the run folder. It counts only once all is unpacked. */
  readonly write: (path: string, chunks: AsyncIterable<Uint8Array>) => Promise<void>;
  /** SHA-256, by the fastest code there is. Default: the one that browsers have too. */
  readonly startHash?: () => ContentHash;
}

/**
 * Unpacks an archive written by {@link packRun}, and verifies all its checksums. Links, paths outside the run's folder, and
 * archives made to fill the disk are refused; what was written until then is of no use.
 * @returns the run's name in the archive.
 * @throws TitlesmithError `archive-refused` saying why; Error for damaged data; what `read`, `decompress` and `write` throw;
 *   InterruptedError.
 */
export async function unpackRun(
  archive: PackedRun,
  { decompress, write, startHash = () => new Sha256() }: Unpacking,
  { signal, onProgress }: WorkContext,
): Promise<string> {
  const place = archive.name;
  let [packed, unpacked] = [0, 0];
  let top: string | undefined;
  const found = new Map<string, string>();
  const folded = new Set<string>();
  let expected: Map<string, string> | undefined;
  const watch = (bytes: number): void => {
    if (signal.aborted) throw new InterruptedError('Interrupted; nothing was imported.');
    unpacked += bytes;
    if (unpacked > uncheckedBytes && unpacked > maxExpansion * packed) {
      throw archiveError(place, `it unpacks to more than ${maxExpansion} times its size`);
    }
    onProgress({ kind: 'progress', label: 'import', done: unpacked, unit: 'bytes' });
  };
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of archive.read()) {
      packed += chunk.length;
      yield chunk;
    }
  };
  const bytes = decompress(counted());
  for await (const entry of readTar(bytes)) {
    const { top: own, path } = innerPath(entry, place);
    top ??= own;
    if (own !== top) throw archiveError(place, `it holds more than one folder: ${top} and ${own}`);
    if (expected) throw archiveError(place, `${path} comes after its ${checksumsName}`);
    // Names that differ only in case are the same file on some systems.
    const fold = path.normalize('NFC').toLowerCase();
    if (folded.has(fold)) throw archiveError(place, `${path} stands there twice`);
    folded.add(fold);
    if (folded.size > maxFiles) throw archiveError(place, `it holds more than ${maxFiles} files`);
    if (path === checksumsName) {
      expected = parseChecksums(await readBounded(entry, place), place);
      continue;
    }
    const hash = startHash();
    await write(path, hashed(entry, hash, watch));
    found.set(path, hash.hex());
  }
  compareChecksums(found, expected, place);
  if (top === undefined || !found.has(manifestFileName))
    throw archiveError(place, `it holds no ${manifestFileName}`);
  return top;
}
