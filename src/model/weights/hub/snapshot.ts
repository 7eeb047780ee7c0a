import { copyFile, link, lstat, mkdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import { writeFileAtomic } from '../../../io/atomic-file.js';
import { descriptionFiles, findModelFiles, weightsEntry } from '../huggingface-folder.js';
import { parseWeightsIndex, weightsIndexFile } from '../safetensors-model.js';
import {
  fetchSnapshotInformation,
  type RemoteFile,
  type RemoteSnapshot,
  repositoryFolderName,
} from './api.js';
import { downloadBlob } from './download.js';
import type { HubSettings } from './settings.js';

/** What is asked of the hub. */
interface HubRequest {
  readonly repository: string;
  /** A branch, tag or commit. */
  readonly revision: string;
  /** The commit that the revision was at when it was looked up: exactly this one, though the branch may have moved. */
  readonly commit?: string | undefined;
}

/** A model of the hub at one commit, and what must still be downloaded of it. */
export interface HubModel {
  readonly repository: string;
  readonly revision: string;
  readonly commit: string;
  /** Undefined where the hub was not asked, as everything is cached. */
  readonly remote: RemoteSnapshot | undefined;
  /** Bytes still to download, shards of a split model not counted. */
  readonly missingBytes: number;
}

function find(snapshot: RemoteSnapshot, name: string): RemoteFile {
  const file = snapshot.files.find((candidate) => candidate.name === name);
  if (file) return file;
  throw new TitlesmithError(`${snapshot.repository} has no ${name} at ${snapshot.revision}.`, {
    code: 'hub-file-missing',
    hint: "titlesmith needs a GPT-2's config.json, vocab.json, merges.txt and model.safetensors.",
  });
}

/** What a model consists of, shards of split weights left out. */
function mainFiles(snapshot: RemoteSnapshot): RemoteFile[] {
  const entry = weightsEntry(snapshot.files.map(({ name }) => name)) ?? 'model.safetensors';
  return [...descriptionFiles, entry].map((name) => find(snapshot, name));
}

/**
 * Finds out what a repository and revision stand for, without downloading it. The hub is asked, as a branch
 * may have moved on; where it cannot be reached, or must not be asked, what is cached counts, and a warning
 * says so.
 * @throws TitlesmithError when the hub does not give the model out, or is not there and the model not cached.
 */
export async function findHubModel(
  request: HubRequest,
  settings: HubSettings,
  onWarning: (message: string) => void,
): Promise<HubModel> {
  const { repository, revision } = request;
  const wanted = request.commit ?? revision;
  const cache = new RepositoryCache(repository, settings);
  const cached = await cache.completeSnapshot(wanted);
  const fromCache = (commit: string): HubModel => {
    return { repository, revision, commit, remote: undefined, missingBytes: 0 };
  };
  if (cached && (settings.offline || cached.commit === wanted)) return fromCache(cached.commit);
  if (settings.offline) {
    throw new TitlesmithError(
      `${repository} is not in the cache, ${settings.cacheFolder}, and HF_HUB_OFFLINE is set.`,
      { code: 'hub-offline', hint: 'Unset HF_HUB_OFFLINE, or name a folder that holds the model.' },
    );
  }
  let remote: RemoteSnapshot;
  try {
    remote = await fetchSnapshotInformation(repository, wanted, settings);
  } catch (error) {
    const isAway = error instanceof TitlesmithError && ['hub-unreachable', 'hub-busy'].includes(error.code);
    if (!cached || !isAway) throw error;
    onWarning(`${error.message} Using what is cached: ${repository} at ${cached.commit.slice(0, 8)}.`);
    return fromCache(cached.commit);
  }
  let missingBytes = 0;
  for (const file of mainFiles(remote)) missingBytes += (await cache.hasBlob(file)) ? 0 : file.bytes;
  return { repository, revision, commit: remote.commit, remote, missingBytes };
}

/**
 * Brings a model into the cache.
 * @returns the folder that holds its files.
 * @throws InterruptedError and TitlesmithError as `downloadBlob` does.
 */
export async function fetchHubModel(
  { repository, revision, commit, remote }: HubModel,
  settings: HubSettings,
  context: WorkContext,
): Promise<string> {
  const cache = new RepositoryCache(repository, settings);
  const folder = cache.snapshotFolder(commit);
  if (remote) await fetchRemote(remote, folder, settings, context);
  await cache.recordRevision(revision, commit);
  return folder;
}

async function fetchRemote(
  remote: RemoteSnapshot,
  folder: string,
  settings: HubSettings,
  context: WorkContext,
): Promise<void> {
  const files = mainFiles(remote);
  await fetchFiles(remote, files, settings, context);
  if (files.some(({ name }) => name === weightsIndexFile)) {
    const path = join(folder, weightsIndexFile);
    const shards = parseWeightsIndex(await readFile(path, 'utf8'), path);
    await fetchFiles(
      remote,
      shards.map((name) => find(remote, name)),
      settings,
      context,
    );
  }
}

const megabyte = 1e6;

async function fetchFiles(
  { repository, commit }: RemoteSnapshot,
  files: readonly RemoteFile[],
  settings: HubSettings,
  context: WorkContext,
): Promise<void> {
  const cache = new RepositoryCache(repository, settings);
  for (const file of files) {
    if (!(await cache.hasBlob(file))) {
      const path = cache.blobPath(file);
      await downloadBlob({ repository, commit, file, path }, settings, context, progressOf(file, context));
    }
    await cache.linkIntoSnapshot(file, commit);
  }
}

/** One event a megabyte; small files pass unseen. */
function progressOf({ name, bytes }: RemoteFile, context: WorkContext): (done: number) => void {
  let shown = 0;
  const total = Math.ceil(bytes / megabyte);
  return (received) => {
    const done = received === bytes ? total : Math.floor(received / megabyte);
    if (bytes < megabyte || done === shown) return;
    shown = done;
    context.onProgress({ kind: 'progress', label: `download ${name}`, done, total, unit: 'MB' });
  };
}

/**
 * Where the cache keeps a repository: Python's huggingface_hub lays it out like this, so both find the same
 * files.
 */
class RepositoryCache {
  private readonly folder: string;

  constructor(repository: string, { cacheFolder }: HubSettings) {
    this.folder = join(cacheFolder, repositoryFolderName(repository));
  }

  /** The files of a commit, under their names. */
  snapshotFolder(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  /** A file's content, under its hash. */
  blobPath({ digest }: RemoteFile): string {
    return join(this.folder, 'blobs', digest.hex);
  }

  /** The commit a branch or tag was at when it was last asked for; a commit stands for itself. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (/^[0-9a-f]{40}$/.test(revision)) return revision;
    try {
      const commit = (await readFile(join(this.folder, 'refs', revision), 'utf8')).trim();
      return /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw fileError('read', join(this.folder, 'refs', revision), error);
    }
  }

  async recordRevision(revision: string, commit: string): Promise<void> {
    if (revision !== commit) await writeFileAtomic(join(this.folder, 'refs', revision), commit);
  }

  /** The snapshot folder of a revision, where every file a model needs is in it. */
  async completeSnapshot(revision: string): Promise<{ commit: string; folder: string } | undefined> {
    const commit = await this.commitOf(revision);
    if (commit === undefined) return undefined;
    const folder = this.snapshotFolder(commit);
    return 'names' in (await findModelFiles(folder)) ? { commit, folder } : undefined;
  }

  /** Whether the content of a file is there, of the right size. */
  async hasBlob(file: RemoteFile): Promise<boolean> {
    return (await sizeOf(this.blobPath(file))) === file.bytes;
  }

  /** Makes a blob appear in a snapshot under the file's name. */
  async linkIntoSnapshot(file: RemoteFile, commit: string): Promise<void> {
    const [blob, path] = [this.blobPath(file), join(this.snapshotFolder(commit), file.name)];
    if ((await sizeOf(path)) === file.bytes) return;
    try {
      await mkdir(dirname(path), { recursive: true });
      if (await lstat(path).catch(() => undefined)) await rm(path);
      await linkOrCopy(blob, path);
    } catch (error) {
      throw fileError('write', path, error);
    }
  }
}

/** Windows lets only some accounts make symbolic links; hard links and copies do as well there. */
async function linkOrCopy(blob: string, path: string): Promise<void> {
  try {
    await symlink(relative(dirname(path), blob), path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM') throw error;
    await link(blob, path).catch(() => copyFile(blob, path));
  }
}

/** Undefined where there is no file, or a link leads nowhere. */
async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}
