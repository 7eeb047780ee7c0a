import { createHash, type Hash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError, InterruptedError, systemErrorCode, TitlesmithError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import { syncFile } from '../../../io/flush.js';
import {
  authorization,
  connectionError,
  malformedAnswer,
  type RemoteFile,
  retryRequest,
  statusError,
} from './api.js';
import type { HubSettings } from './settings.js';

interface BlobRequest {
  readonly repository: string;
  readonly commit: string;
  readonly file: RemoteFile;
  /** Where the file is moved once it is complete and its hash is right. */
  readonly path: string;
}

/** How often a download is begun; more than once after a wrong hash, or where other processes replace the file. */
const maximumTries = 5;

/** Called with the number of bytes of the file that have been downloaded. */
type BytesListener = (bytes: number) => void;

function startHash({ digest: { algorithm }, bytes }: RemoteFile): Hash {
  // git hashes a file with a header before it (Pro Git, section 10.2)
  return algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/**
 * The download of one file into the cache. Until it is complete it is called `….incomplete`, as in huggingface_hub.
 */
class BlobDownload {
  /** Number of bytes on disk and hashed. */
  private done = 0;
  private hash: Hash;
  private readonly incompletePath: string;

  constructor(
    private readonly request: BlobRequest,
    private readonly settings: HubSettings,
    private readonly context: WorkContext,
    private readonly onBytes: BytesListener,
  ) {
    this.incompletePath = `${request.path}.incomplete`;
    this.hash = startHash(request.file);
  }

  /** Continues what an earlier download left. Reads the open file: another process may rename it at any moment. */
  private async resume(handle: FileHandle): Promise<void> {
    const { size } = await handle.stat();
    this.restart();
    if (size === 0 || size > this.request.file.bytes) return;
    for await (const chunk of handle.createReadStream({ start: 0, end: size - 1, autoClose: false })) {
      this.hash.update(chunk as Uint8Array);
      this.done += (chunk as Uint8Array).length;
    }
  }

  private restart(): void {
    this.done = 0;
    this.hash = startHash(this.request.file);
  }

  private async respond(signal: AbortSignal): Promise<Response> {
    const { repository, commit, file } = this.request;
    const name = file.name.split('/').map(encodeURIComponent).join('/');
    const url = `${this.settings.endpoint}/${repository}/resolve/${commit}/${name}`;
    const range: Record<string, string> = this.done > 0 ? { Range: `bytes=${this.done}-` } : {};
    const headers = { ...authorization(this.settings), ...range, 'Accept-Encoding': 'identity' };
    const response = await fetch(url, { headers, signal });
    if (response.status === 200) this.restart();
    else if (response.status !== 206) throw statusError(response.status, repository, this.settings);
    else if (response.headers.get('content-range') !== `bytes ${this.done}-${file.bytes - 1}/${file.bytes}`) {
      throw malformedAnswer(
        repository,
        `it sends another part of ${file.name} than asked for`,
        this.settings,
      );
    }
    return response;
  }

  /** Requests the missing bytes and appends them. @throws TitlesmithError, transient if the connection broke. */
  async receive(handle: FileHandle): Promise<void> {
    const { file, repository } = this.request;
    const abort = new AbortController();
    const stalled = setTimeout(() => abort.abort(new Error('no data')), this.settings.stallTimeoutMs);
    try {
      const response = await this.respond(abort.signal);
      for await (const chunk of response.body ?? []) {
        stalled.refresh();
        if (this.context.signal.aborted) throw new InterruptedError();
        if (this.done + chunk.length > file.bytes) {
          throw malformedAnswer(
            repository,
            `${file.name} is longer than the ${file.bytes} bytes announced`,
            this.settings,
          );
        }
        await this.write(handle, chunk);
      }
    } catch (error) {
      throw error instanceof TitlesmithError ? error : connectionError(error, this.settings);
    } finally {
      clearTimeout(stalled);
      abort.abort();
    }
    if (this.done < file.bytes) {
      throw connectionError(
        new Error(`${file.name} ended after ${this.done} of ${file.bytes} bytes`),
        this.settings,
      );
    }
  }

  private async write(handle: FileHandle, chunk: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < chunk.length; ) {
        const position = this.done + written;
        written += (await handle.write(chunk, written, chunk.length - written, position)).bytesWritten;
      }
    } catch (error) {
      throw fileError('write', this.incompletePath, error);
    }
    this.hash.update(chunk);
    this.done += chunk.length;
    this.onBytes(this.done);
  }

  /** Downloads what is missing. @returns the hash of the whole content. */
  private async complete(handle: FileHandle): Promise<string> {
    await this.resume(handle);
    let before = this.done;
    const madeProgress = (): boolean => {
      const progressed = this.done > before;
      before = this.done;
      return progressed;
    };
    if (this.done < this.request.file.bytes) {
      await retryRequest(() => this.receive(handle), this.settings, madeProgress);
    }
    await handle.truncate(this.done);
    await syncFile(handle);
    return this.hash.digest('hex');
  }

  /**
   * Gives the complete file its name. Other processes may have finished the same download, or begun it anew under the same
   * incomplete name: only the file that this process has written and hashed is moved, by a link of its own.
   * @returns whether the path holds the complete file now.
   */
  private async moveIntoPlace(handle: FileHandle): Promise<boolean> {
    const { file, path } = this.request;
    const own = `${path}.${randomUUID()}`;
    try {
      const hasLink = await tryLink(this.incompletePath, own);
      // A name that has come to mean another file never means this one again, so the link was made to this one.
      const named = await stat(this.incompletePath).catch(() => stat(own));
      if (named.ino === (await handle.stat()).ino) {
        await rename(hasLink ? own : this.incompletePath, path);
        if (hasLink) await rm(this.incompletePath, { force: true });
      }
    } catch (error) {
      // The path is complete before the incomplete name is gone.
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    } finally {
      await rm(own, { force: true });
    }
    return (await sizeOf(path)) === file.bytes;
  }

  /** Downloads the file to its path, or throws. After a wrong hash, tries once more from the first byte. */
  async run(): Promise<void> {
    const { file, path } = this.request;
    try {
      await mkdir(dirname(path), { recursive: true });
      for (let [tries, wrong] = [0, 0]; tries < maximumTries; tries++) {
        const handle = await open(this.incompletePath, constants.O_RDWR | constants.O_CREAT);
        try {
          const hash = await this.complete(handle);
          if (hash === file.digest.hex) {
            if (await this.moveIntoPlace(handle)) return;
            continue;
          }
          await rm(this.incompletePath, { force: true });
          wrong++;
          if (wrong === 2) throw wrongHash(this.request, hash, this.settings);
        } finally {
          await handle.close();
        }
      }
      throw new TitlesmithError(`Other processes keep replacing ${this.incompletePath}.`, {
        code: 'hub-cache-contended',
        hint: 'Wait for them to end, then run the same command again.',
      });
    } catch (error) {
      throw fileError('write', path, error);
    }
  }
}

/** Gives a file a second name. @returns false where the file system has no hard links, as exFAT. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw error;
    return false;
  }
}

function wrongHash({ repository, file }: BlobRequest, hash: string, settings: HubSettings): TitlesmithError {
  const { algorithm, hex } = file.digest;
  return new TitlesmithError(
    `${file.name} of ${repository} arrived damaged from ${settings.endpoint}, twice: ` +
      `its ${algorithm} is ${hash}, announced is ${hex}.`,
    { code: 'hub-wrong-hash', hint: 'Nothing was kept; try again later or over another connection.' },
  );
}

/**
 * Downloads a file: resumes where an earlier download stopped, retries when the connection breaks, and moves the file
 * into place only if size and hash are as announced. Two processes that download the same file at once write the same
 * bytes to the same positions.
 * @throws InterruptedError when the context asks to stop (what was downloaded is kept); TitlesmithError when the hub
 *   refuses, cannot be reached or sends something else, or the file cannot be written.
 */
export async function downloadBlob(
  request: BlobRequest,
  settings: HubSettings,
  context: WorkContext,
  onBytes: BytesListener,
): Promise<void> {
  await new BlobDownload(request, settings, context, onBytes).run();
}
