import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pack as tarPack } from 'tar-stream';
import { fileError, InterruptedError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { isTemporaryName } from '../io/atomic-file.js';
import { RunFolder } from '../pipeline/run/run-folder.js';
import { lockFileName } from '../pipeline/run/run-lock.js';
import type { Place } from './archive-place.js';
import { compressionOf, pack } from './compression.js';
import { openPlace } from './place.js';

/** The last entry of an archive: the hash of every other, in the form `sha256sum -c` reads. */
export const checksumsName = 'SHA256SUMS';

/** What stays behind: who works on the run now, and files that were being written when it was killed. */
function staysBehind(path: string): boolean {
  return basename(path).startsWith(lockFileName) || isTemporaryName(path);
}

async function filesOf(folder: string): Promise<{ path: string; size: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => !staysBehind(path))
    .sort();
  return Promise.all(paths.map(async (path) => ({ path, size: (await stat(join(folder, path))).size })));
}

/** Reads a file's bytes as far as it was long when it was listed. */
async function* readExactly(path: string, size: number): AsyncGenerator<Buffer> {
  if (size === 0) return;
  for await (const chunk of createReadStream(path, { end: size - 1, highWaterMark: 2 ** 18 }))
    yield chunk as Buffer;
}

/** The folder as a tar stream (POSIX pax); the same files give the same bytes. */
async function* tarOf(folder: string, name: string, context: WorkContext): AsyncGenerator<Uint8Array> {
  const files = await filesOf(folder);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const tar = tarPack();
  const fixed = { mtime: new Date(0), mode: 0o644 };
  const fill = async (): Promise<void> => {
    let [done, sums] = [0, ''];
    for (const { path, size } of files) {
      const hash = createHash('sha256');
      const entry = tar.entry({ ...fixed, name: `${name}/${path}`, size });
      for await (const chunk of readExactly(join(folder, path), size)) {
        if (context.signal.aborted) throw new InterruptedError('Interrupted; no archive was written.');
        hash.update(chunk);
        done += chunk.length;
        if (!entry.write(chunk)) await new Promise<void>((resume) => entry.once('drain', () => resume()));
        context.onProgress({ kind: 'progress', label: 'export', done, total, unit: 'bytes' });
      }
      entry.end(undefined);
      sums += `${hash.digest('hex')}  ${path}\n`;
    }
    tar.entry({ ...fixed, name: `${name}/${checksumsName}` }, sums);
    tar.finalize();
  };
  const filled = fill().catch((error: Error) => {
    tar.destroy(error);
    throw error;
  });
  // Awaited below; a failure in between reaches the reader through the stream.
  filled.catch(() => {});
  for await (const chunk of tar) yield chunk as Uint8Array;
  await filled;
}

/** What was written where. */
export interface ExportedRun {
  readonly run: string;
  readonly place: string;
}

/** Writes a run that is locked already. */
export async function exportLocked(run: RunFolder, to: Place, context: WorkContext): Promise<void> {
  const name = basename(resolve(run.path));
  try {
    await to.write(pack(tarOf(run.path, name, context), compressionOf(to.name)));
  } catch (error) {
    throw fileError('read', run.path, error);
  }
}

/**
 * Writes a run as one archive, tar with gzip or zstd by its name: to a path (a mounted drive or bucket too), or to
 * `gs://bucket/name`. It appears whole or not at all.
 * @param to a folder too: then the archive is called after the run, `.tar.gz`.
 * @throws TitlesmithError when there is no such run, it is in use, or the archive cannot be written;
 * InterruptedError.
 */
export async function exportRun(folder: string, to: string, context: WorkContext): Promise<ExportedRun> {
  const run = await RunFolder.open(folder, context.onProgress);
  try {
    const name = basename(resolve(run.path));
    const place = await openPlace(to, `${name}.tar.gz`);
    compressionOf(place.name);
    await exportLocked(run, place, context);
    return { run: name, place: place.name };
  } finally {
    run.close();
  }
}
