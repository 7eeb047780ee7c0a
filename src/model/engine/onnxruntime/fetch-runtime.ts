import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { connectionReason, fileError, InterruptedError, TitlesmithError } from '../../../common/errors.js';
import { formatBytes } from '../../../common/number-formats.js';
import { silentContext, type WorkContext } from '../../../common/progress.js';
import { retry } from '../../../common/retry.js';
import { makeFolder } from '../../../io/folders.js';
import { isNpmOffline, npmRegistry } from '../../../io/npm-registry.js';
import { packageRoot } from '../../../io/package-root.js';
import {
  type FoundRuntime,
  fetchedRuntimeFolder,
  findRuntime,
  isCompleteRuntime,
  missingRuntime,
  neededFiles,
  packagedRuntime,
} from './find-runtime.js';
import { ArchiveCutShort, unpackRuntime } from './runtime-archive.js';
import { type RuntimeFiles, runtimeVersion } from './runtime-files.js';

/** How the registry is asked. */
interface FetchSettings {
  /** What is fetched. */
  readonly needed: RuntimeFiles;
  /** Time without receiving data after which a request counts as failed. */
  readonly stallTimeoutMs: number;
  readonly attempts: number;
  /** Pause before the second attempt; doubles with each further one. */
  readonly retryDelayMs: number;
}

const patience = { stallTimeoutMs: 30_000, attempts: 3, retryDelayMs: 1000 };

const archive = `onnxruntime-node/-/onnxruntime-node-${runtimeVersion}.tgz`;
const megabyte = 1e6;
/** The whole archive has 114 MB. */
const mostReceivedBytes = 200 * megabyte;
/** The folder of a download that ended without tidying up is removed when nobody has written to it for so long. */
const abandonedAfterMs = 600_000;
const unfinished = '.partial';

/**
 * Makes sure that ONNX Runtime is here, and says where. Where it is in no package and not in the cache, the registry that npm is
 * configured with is asked for the archive of onnxruntime-node, which is read up to the files of this system; they are checked
 * against the hashes in `runtime-files.ts` and kept in the cache, all or none.
 * @throws TitlesmithError `runtime-missing` saying why it cannot be fetched, and what to do; InterruptedError.
 */
export async function provideRuntime(context: WorkContext = silentContext): Promise<FoundRuntime> {
  const found = findRuntime();
  if (found) return found;
  await fetchRuntime(fetchedRuntimeFolder(), { ...patience, needed: neededFiles() }, context);
  return packagedRuntime();
}

/** A failure after which asking again may help. */
class TransientFault extends Error {}

/**
 * Fetches a runtime into a folder, which is there with all its files or not at all.
 * @throws as {@link provideRuntime}.
 */
export async function fetchRuntime(
  folder: string,
  settings: FetchSettings,
  context: WorkContext,
): Promise<void> {
  const { needed, attempts, retryDelayMs: firstPauseMs } = settings;
  if (isNpmOffline())
    throw missingRuntime('is not installed, and npm is told to make no requests (npm_config_offline)');
  const { address, headers } = npmRegistry(packageRoot);
  const size = formatBytes(needed.archiveBytes);
  const message = `ONNX Runtime ${runtimeVersion} is not installed: fetching it once, ${size} from ${address}, into ${folder}`;
  context.onProgress({ kind: 'note', message });
  await removeAbandoned(folder);
  const own = `${folder}.${randomUUID()}${unfinished}`;
  try {
    await makeFolder(own);
    await retry(
      () => receive(`${address}/${archive}`, headers, own, settings, context),
      { attempts, firstPauseMs },
      { isTransient: (error) => error instanceof TransientFault },
    );
    await moveIntoPlace(own, folder, needed);
  } catch (error) {
    if (error instanceof TitlesmithError || !(error instanceof Error)) throw error;
    if ('path' in error) throw fileError('write', folder, error);
    throw missingRuntime(`is not installed, and cannot be fetched from ${address}: ${error.message}`, error);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Removes what downloads into a folder have left that were killed. */
async function removeAbandoned(folder: string): Promise<void> {
  const [parent, name] = [dirname(folder), basename(folder)];
  const names = await readdir(parent).catch(() => []);
  for (const left of names.filter((other) => other.startsWith(`${name}.`) && other.endsWith(unfinished))) {
    const path = join(parent, left);
    if (Date.now() - (await lastChange(path)) > abandonedAfterMs)
      await rm(path, { recursive: true, force: true });
  }
}

/** When a folder or a file in it was last written to, in milliseconds; now where it is gone. */
async function lastChange(folder: string): Promise<number> {
  try {
    const paths = [folder, ...(await readdir(folder)).map((name) => join(folder, name))];
    const found = await Promise.all(paths.map((path) => stat(path)));
    return Math.max(...found.map(({ mtimeMs }) => mtimeMs));
  } catch {
    return Date.now();
  }
}

/** Gives a whole folder its name, where no other process has done so. */
async function moveIntoPlace(own: string, folder: string, needed: RuntimeFiles): Promise<void> {
  try {
    await rename(own, folder);
  } catch {
    if (isCompleteRuntime(folder, needed)) return;
    // What is there was damaged: no process has it open.
    await rm(folder, { recursive: true, force: true });
    await rename(own, folder).catch((fault: unknown) => {
      if (!isCompleteRuntime(folder, needed)) throw fault;
    });
  }
}

/** Requests the archive and writes the files that are wanted of it into a folder. */
async function receive(
  url: string,
  headers: Readonly<Record<string, string>>,
  folder: string,
  { needed, stallTimeoutMs }: FetchSettings,
  context: WorkContext,
): Promise<void> {
  const abort = new AbortController();
  const stalled = setTimeout(
    () => abort.abort(new TransientFault(`no data for ${stallTimeoutMs / 1000} s`)),
    stallTimeoutMs,
  );
  async function* body(): AsyncGenerator<Uint8Array> {
    const response = await fetch(url, { headers, signal: abort.signal });
    const { status } = response;
    if (status === 429 || status >= 500) throw new TransientFault(`status ${status}`);
    if (status !== 200) throw new Error(`status ${status} for ${archive}`);
    let received = 0;
    const report = megabytesOf(needed.archiveBytes, context);
    for await (const chunk of response.body ?? []) {
      stalled.refresh();
      if (context.signal.aborted) throw new InterruptedError();
      received += chunk.length;
      if (received > mostReceivedBytes) throw new Error('its archive does not end');
      report(received);
      yield chunk;
    }
  }
  try {
    await unpackRuntime(body(), folder, needed.files);
  } catch (error) {
    // What fetch throws where it has no connection, or loses it.
    if (error instanceof TypeError) throw new TransientFault(connectionReason(error), { cause: error });
    if (error instanceof ArchiveCutShort) throw new TransientFault(error.message, { cause: error });
    throw error;
  } finally {
    clearTimeout(stalled);
    abort.abort();
  }
}

/** Reports each megabyte once. */
function megabytesOf(bytes: number, { onProgress }: WorkContext): (received: number) => void {
  let shown = 0;
  const total = Math.ceil(bytes / megabyte);
  return (received) => {
    const done = Math.min(total, Math.floor(received / megabyte));
    if (done === shown) return;
    shown = done;
    onProgress({ kind: 'progress', label: 'download ONNX Runtime', done, total, unit: 'MB' });
  };
}
