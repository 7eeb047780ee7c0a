import { InterruptedError, TitlesmithError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { type ContentHash, Sha256 } from '../../common/sha256.js';
import { type TarFile, writeTar } from '../../io/tar.js';
import { checksumLine, checksumsName } from './archive-format.js';

/** A file of a run, to be packed. */
export interface RunFile {
  /** In the run folder, with forward slashes. */
  readonly path: string;
  /** Bytes of its content. */
  readonly size: number;
  readonly content: () => AsyncIterable<Uint8Array>;
}

/** The files of a run, then the list of their hashes; reports progress. */
async function* archivedFiles(
  name: string,
  files: readonly RunFile[],
  { signal, onProgress }: WorkContext,
  startHash: () => ContentHash,
): AsyncGenerator<TarFile> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let [done, checksums] = [0, ''];
  for (const { path, size, content } of files) {
    const hash = startHash();
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      let read = 0;
      for await (const chunk of content()) {
        if (signal.aborted) throw new InterruptedError('Interrupted; no archive was written.');
        hash.update(chunk);
        read += chunk.length;
        done += chunk.length;
        yield chunk;
        onProgress({ kind: 'progress', label: 'export', done, total, unit: 'bytes' });
      }
      if (read === size) return;
      throw new TitlesmithError(`${name}/${path} was changed while it was packed.`, {
        code: 'file-changed',
        hint: 'Export the run again.',
      });
    };
    yield { name: `${name}/${path}`, size, content: watched() };
    checksums += checksumLine(path, hash.hex());
  }
  const list = new TextEncoder().encode(checksums);
  yield { name: `${name}/${checksumsName}`, size: list.length, content: [list] };
}

/**
 * A run as a tar archive that "titlesmith import" takes: its files below a folder of its name, and their checksums.
 * @param files those of `archivedPaths`, in that order.
 * @param startHash SHA-256, by the fastest code there is.
 * @throws what the files' contents throw; InterruptedError.
 */
export function packRun(
  name: string,
  files: readonly RunFile[],
  context: WorkContext,
  startHash: () => ContentHash = () => new Sha256(),
): AsyncGenerator<Uint8Array> {
  return writeTar(archivedFiles(name, files, context, startHash));
}
