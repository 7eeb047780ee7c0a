import { createHash } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileError, InterruptedError, systemErrorCode, TitlesmithError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { writeChunksAtomic } from '../io/atomic-file.js';
import { decompress } from '../io/compression/compressed-stream.js';
import { makeFolder, missingFolders, removeEmptyFolders } from '../io/folders.js';
import { readTar, type TarEntry } from '../io/tar.js';
import {
  type ArgumentRules,
  checkArgument,
  checkArguments,
  completeContext,
  isText,
} from '../options/call-arguments.js';
import { optionTable } from '../options/option-table.js';
import { checkValue } from '../options/value-types.js';
import { readManifest, writeManifest } from '../pipeline/run/manifest-file.js';
import { checkRunsFolder } from '../pipeline/run/run-folder.js';
import { isRunning, lockRun } from '../pipeline/run/run-lock.js';
import { manifestFileName } from '../run/manifest.js';
import { checksumsName, isExcluded } from './export-run.js';
import { withoutForeignPaths } from './foreign-paths.js';
import { openStorageFile } from './open-storage.js';
import type { StorageFile } from './storage.js';

/** Maximum number of files; no run has as many. */
const maxFiles = 20_000;
/** Limits against archives made to fill the disk: the expansion ratio, checked beyond the first 64 MiB. */
const [maxExpansion, uncheckedBytes] = [200, 2 ** 26];
/** Maximum size of the list of checksums in bytes. */
const maxChecksumsBytes = 2 ** 22;

export interface ImportOptions {
  readonly runsDir: string;
  /** New name of the run. Default: as in the archive. */
  readonly runName?: string | undefined;
  /** Whether a run of that name may be replaced. */
  readonly overwrite?: boolean;
}

function archiveError(
  place: string,
  why: string,
  hint = 'Was it written by "titlesmith export"?',
): TitlesmithError {
  return new TitlesmithError(`${place} is refused: ${why}.`, { code: 'archive-refused', hint });
}

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

function parseChecksums(text: string, place: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [, hash, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
      if (!hash || !path) throw archiveError(place, `${checksumsName} holds a line that is no checksum`);
      return [path, hash];
    }),
  );
}

/** @throws TitlesmithError when a file is missing, damaged, or not in the list of checksums. */
function compareChecksums(
  found: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string> | undefined,
  place: string,
): void {
  if (!expected && found.size === 0) throw archiveError(place, 'it is empty');
  if (!expected)
    throw archiveError(place, `it has no ${checksumsName}, so it is cut short, or no run of titlesmith`);
  const hint = 'Copy it anew, or export it again.';
  for (const [path, hash] of expected) {
    const own = found.get(path);
    if (own !== hash) throw archiveError(place, `${path} is ${own ? 'damaged' : 'missing'}`, hint);
  }
  const extra = [...found.keys()].find((path) => !expected.has(path));
  if (extra !== undefined) throw archiveError(place, `${extra} stands in no checksum`, hint);
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count(chunk.length);
    yield chunk;
  }
}

/** Unpacks an archive into a new folder. @returns the run's name in the archive. */
async function unpackInto(from: StorageFile, folder: string, context: WorkContext): Promise<string> {
  let [packed, unpacked] = [0, 0];
  let top: string | undefined;
  const found = new Map<string, string>();
  const folded = new Set<string>();
  let expected: Map<string, string> | undefined;
  const watch = (bytes: number): void => {
    if (context.signal.aborted) throw new InterruptedError('Interrupted; nothing was imported.');
    unpacked += bytes;
    if (unpacked > uncheckedBytes && unpacked > maxExpansion * packed) {
      throw archiveError(from.name, `it unpacks to more than ${maxExpansion} times its size`);
    }
    context.onProgress({ kind: 'progress', label: 'import', done: unpacked, unit: 'bytes' });
  };
  const bytes = decompress(
    counted(from.read(), (count) => {
      packed += count;
    }),
  );
  for await (const entry of readTar(bytes)) {
    const { top: own, path } = innerPath(entry, from.name);
    top ??= own;
    if (own !== top) throw archiveError(from.name, `it holds more than one folder: ${top} and ${own}`);
    if (expected) throw archiveError(from.name, `${path} comes after its ${checksumsName}`);
    // Names that differ only in case are the same file on some systems.
    const fold = path.normalize('NFC').toLowerCase();
    if (folded.has(fold)) throw archiveError(from.name, `${path} stands there twice`);
    folded.add(fold);
    if (folded.size > maxFiles) throw archiveError(from.name, `it holds more than ${maxFiles} files`);
    if (path === checksumsName) expected = parseChecksums(await readBounded(entry, from.name), from.name);
    else found.set(path, await writeEntry(entry, join(folder, path), watch));
  }
  compareChecksums(found, expected, from.name);
  if (top === undefined || !found.has(manifestFileName))
    throw archiveError(from.name, `it holds no ${manifestFileName}`);
  return top;
}

/** The text of the list of checksums. */
async function readBounded({ content }: TarEntry, place: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > maxChecksumsBytes) throw archiveError(place, `its ${checksumsName} is too long`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @returns SHA-256 of what was written. */
async function writeEntry(
  { content }: TarEntry,
  path: string,
  watch: (bytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      watch(chunk.length);
      hash.update(chunk);
      yield chunk;
    }
  };
  await writeChunksAtomic(path, hashed());
  return hash.digest('hex');
}

/** Turns errors of the file system, streams and zlib into TitlesmithErrors; returns those unchanged. */
function explain(place: string, error: unknown): unknown {
  if (error instanceof TitlesmithError || !(error instanceof Error)) return error;
  const code = systemErrorCode(error);
  // System error codes consist of capitals only; those of streams and zlib do not.
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return fileError('read', place, error);
  return archiveError(
    place,
    `it is no archive, or its data is damaged or cut short (${error.message})`,
    'Copy it anew, or export it again.',
  );
}

/** Moves the unpacked run to its place, then removes the run it replaces. */
async function installRun(
  unpacked: string,
  target: string,
  options: ImportOptions,
  context: WorkContext,
): Promise<void> {
  const manifest = await readManifest(target);
  if (!manifest) {
    await rename(unpacked, target).catch((error: unknown) => {
      const isTaken = ['ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '');
      throw isTaken ? occupiedError(target, 'it holds files, but no run') : error;
    });
    return;
  }
  if (!options.overwrite) throw occupiedError(target, 'that run is there already');
  const lock = await lockRun(target, context.onProgress);
  const aside = `${unpacked}.replaced`;
  try {
    await rm(aside, { recursive: true, force: true });
    await rename(target, aside);
    await rename(unpacked, target);
  } finally {
    lock.release();
  }
  await rm(aside, { recursive: true, force: true });
}

function occupiedError(target: string, why: string): TitlesmithError {
  return new TitlesmithError(`${target} is in the way: ${why}.`, {
    code: 'import-occupied',
    hint: 'Choose another --run-name, or replace a run with --overwrite.',
  });
}

/** Beginning of the name of a folder that an archive is unpacked to; this machine's name tells its processes from others'. */
const unpackingStart = `.import-${hostname()}-`;

/** Removes what imports of this machine that were killed have left. */
async function removeAbandoned(runsDir: string): Promise<void> {
  const names = await readdir(runsDir);
  for (const name of names.filter((candidate) => candidate.startsWith(unpackingStart))) {
    if (!isRunning(Number(name.slice(unpackingStart.length))))
      await rm(join(runsDir, name), { recursive: true, force: true });
  }
}

/** Unpacks an archive to a run folder. @returns the run's folder. @throws as {@link importRun}. */
export async function importFrom(
  from: StorageFile,
  options: ImportOptions,
  context: WorkContext,
): Promise<string> {
  const { runsDir, runName: wanted } = options;
  checkRunsFolder(runsDir);
  const made = missingFolders(runsDir);
  await makeFolder(runsDir);
  const folder = join(runsDir, `${unpackingStart}${process.pid}`);
  try {
    await removeAbandoned(runsDir);
    await rm(folder, { recursive: true, force: true });
    const inArchive = await unpackInto(from, folder, context);
    const name = wanted ?? inArchive;
    try {
      checkValue(optionTable.runName, name);
    } catch (error) {
      throw archiveError(
        from.name,
        `${JSON.stringify(name)} ${(error as Error).message}`,
        'Give a --run-name.',
      );
    }
    const archived = await readManifest(folder);
    if (archived) {
      const { manifest, notes } = withoutForeignPaths(archived);
      for (const message of notes) context.onProgress({ kind: 'warning', message });
      if (manifest !== archived || manifest.name !== name) await writeManifest(folder, { ...manifest, name });
    }
    const target = join(runsDir, name);
    await installRun(folder, target, options, context);
    return target;
  } catch (error) {
    throw explain(from.name, error);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await removeEmptyFolders(made);
  }
}

const importArguments: ArgumentRules = {
  runsDir: isText,
  runName: optionTable.runName,
  overwrite: optionTable.overwrite,
};

/**
 * Unpacks an archive written by {@link exportRun} to a run folder. All checksums are verified before the run appears; links,
 * and paths outside the run's folder, are refused. The run does not go on naming files outside its folder.
 * @param from a path or `gs://bucket/name`.
 * @throws TitlesmithError when an argument is unknown or wrong, the archive cannot be read or is refused, or the run exists; InterruptedError.
 */
export async function importRun(
  from: string,
  options: ImportOptions,
  given: Partial<WorkContext> = {},
): Promise<string> {
  checkArgument('importRun', 'from', from, isText);
  const checked = checkArguments('importRun', options, importArguments);
  const context = completeContext<WorkContext>('importRun', given);
  return importFrom(await openStorageFile(from), checked, context);
}
