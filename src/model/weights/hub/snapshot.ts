import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import { writeFileAtomic } from '../../../io/atomic-file.js';
import { fileFolder } from '../../../io/file-source.js';
import { conditionFile } from '../../../options/choices.js';
import {
  descriptionFiles,
  findModelFiles,
  parseWeightsIndex,
  weightsEntry,
  weightsIndexFile,
} from '../model-files.js';
import {
  fetchSnapshotInformation,
  type RemoteFile,
  type RemoteSnapshot,
  repositoryFolderName,
} from './api.js';
import { downloadBlob } from './download.js';
import type { HubSettings } from './settings.js';

/** Which files of a repository are a model. */
export interface HubFileSet {
  /** @throws TitlesmithError when the repository lacks one. */
  readonly choose: (snapshot: RemoteSnapshot) => readonly RemoteFile[];
  /** Whether a folder of the cache holds every one. */
  readonly isComplete: (folder: string) => Promise<boolean>;
  /** Whether some lie in folders. */
  readonly recursive: boolean;
}

/** A request for a model of the hub. */
interface HubRequest {
  readonly repository: string;
  /** Default: those of a GPT-2. */
  readonly fileSet?: HubFileSet;
  /** A branch, tag or commit. */
  readonly revision: string;
  /** The commit found by an earlier look-up of the revision; exactly this one is used, even if the branch has moved. */
  readonly commit?: string | undefined;
}

/** A model of the hub at one commit, and how much of it must still be downloaded. */
export interface HubModel {
  readonly repository: string;
  readonly revision: string;
  readonly commit: string;
  /** Undefined if everything is cached and the hub was not asked. */
  readonly remote: RemoteSnapshot | undefined;
  /** Bytes still to download, not counting the shards of a sharded model. */
  readonly missingBytes: number;
  readonly fileSet: HubFileSet;
}

function find(snapshot: RemoteSnapshot, name: string): RemoteFile {
  const file = snapshot.files.find((candidate) => candidate.name === name);
  if (file) return file;
  throw new TitlesmithError(`${snapshot.repository} has no ${name} at ${snapshot.revision}.`, {
    code: 'hub-file-missing',
    hint: "titlesmith needs a model's config.json, tokenizer.json (or vocab.json and merges.txt) and model.safetensors.",
  });
}

/** The files of a model, without the shards of sharded weights; and what it is prompted by, where its repository says so. */
function mainFiles(snapshot: RemoteSnapshot): RemoteFile[] {
  const names = snapshot.files.map(({ name }) => name);
  const entry = weightsEntry(names) ?? 'model.safetensors';
  const beside = names.filter((name) => name === conditionFile);
  return [...descriptionFiles(names), ...beside, entry].map((name) => find(snapshot, name));
}

const gpt2Files: HubFileSet = {
  choose: mainFiles,
  isComplete: async (folder) => 'names' in (await findModelFiles(fileFolder(folder))),
  recursive: false,
};

/**
 * Looks up a repository and revision without downloading the model. The hub is asked, as a branch may have moved; if it
 * cannot be reached, the cached model is used with a warning; offline, the cache alone is used.
 * @throws TitlesmithError when the hub denies the model, or cannot be reached and the model is not cached.
 */
export async function findHubModel(
  request: HubRequest,
  settings: HubSettings,
  onWarning: (message: string) => void,
): Promise<HubModel> {
  const { repository, revision, fileSet = gpt2Files } = request;
  const target = request.commit ?? revision;
  const cache = new RepositoryCache(repository, settings);
  const cached = await cache.completeSnapshot(target, fileSet);
  const fromCache = (commit: string): HubModel => {
    return { repository, revision, commit, remote: undefined, missingBytes: 0, fileSet };
  };
  if (cached && (settings.offline || cached.commit === target)) return fromCache(cached.commit);
  if (settings.offline) {
    throw new TitlesmithError(
      `${repository} is not in the cache, ${settings.cacheFolder}, and HF_HUB_OFFLINE is set.`,
      {
        code: 'hub-offline',
        hint: 'Unset HF_HUB_OFFLINE, or name a folder that holds the model, or base, which needs no network.',
      },
    );
  }
  let remote: RemoteSnapshot;
  try {
    remote = await fetchSnapshotInformation(repository, target, settings, fileSet.recursive);
  } catch (error) {
    const isUnreachable =
      error instanceof TitlesmithError && ['hub-unreachable', 'hub-busy'].includes(error.code);
    if (!cached || !isUnreachable) throw error;
    onWarning(`${error.message} Using what is cached: ${repository} at ${cached.commit.slice(0, 8)}.`);
    return fromCache(cached.commit);
  }
  let missingBytes = 0;
  for (const file of fileSet.choose(remote)) missingBytes += (await cache.hasBlob(file)) ? 0 : file.bytes;
  return { repository, revision, commit: remote.commit, remote, missingBytes, fileSet };
}

/** The folder of a model that is whole in the cache; undefined where it is not. The hub is not asked. */
export async function cachedHubFolder(
  { repository, revision }: Pick<HubRequest, 'repository' | 'revision'>,
  settings: HubSettings,
): Promise<string | undefined> {
  return (await new RepositoryCache(repository, settings).completeSnapshot(revision, gpt2Files))?.folder;
}

/**
 * Downloads one file of a model into the cache, where its repository has it.
 * @returns the folder in which the file is then, or nowhere.
 * @throws as {@link fetchHubModel}.
 */
export async function fetchHubFile(
  { repository, commit, remote }: HubModel,
  name: string,
  settings: HubSettings,
  context: WorkContext,
): Promise<string> {
  const file = remote?.files.find((candidate) => candidate.name === name);
  if (remote && file) await fetchFiles(remote, [file], settings, context);
  return new RepositoryCache(repository, settings).snapshotFolder(commit);
}

/**
 * Downloads a model into the cache.
 * @returns the folder that holds its files.
 * @throws InterruptedError and TitlesmithError as `downloadBlob` does.
 */
export async function fetchHubModel(
  { repository, revision, commit, remote, fileSet }: HubModel,
  settings: HubSettings,
  context: WorkContext,
): Promise<string> {
  const cache = new RepositoryCache(repository, settings);
  const folder = cache.snapshotFolder(commit);
  if (remote) await fetchRemote(remote, fileSet, folder, settings, context);
  await cache.recordRevision(revision, commit);
  return folder;
}

async function fetchRemote(
  remote: RemoteSnapshot,
  fileSet: HubFileSet,
  folder: string,
  settings: HubSettings,
  context: WorkContext,
): Promise<void> {
  const files = fileSet.choose(remote);
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

/** One event per megabyte; none for smaller files. */
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
 * The cache folder of a repository, with the layout of Python's huggingface_hub, so that both find the same files.
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

  /** The commit of a branch or tag when it was last looked up; a commit is returned as it is. */
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
    if (revision === commit) return;
    await this.place(join(this.folder, 'refs', revision), (temporary) => writeFileAtomic(temporary, commit));
  }

  /** The snapshot folder of a revision; undefined unless it holds every file that a model needs. */
  async completeSnapshot(
    revision: string,
    { isComplete }: HubFileSet,
  ): Promise<{ commit: string; folder: string } | undefined> {
    const commit = await this.commitOf(revision);
    if (commit === undefined) return undefined;
    const folder = this.snapshotFolder(commit);
    return (await isComplete(folder)) ? { commit, folder } : undefined;
  }

  /** Whether a file's content is cached with the right size. */
  async hasBlob(file: RemoteFile): Promise<boolean> {
    return (await sizeOf(this.blobPath(file))) === file.bytes;
  }

  /** Links a blob into a snapshot under the file's name. */
  async linkIntoSnapshot(file: RemoteFile, commit: string): Promise<void> {
    const [blob, path] = [this.blobPath(file), join(this.snapshotFolder(commit), file.name)];
    if ((await sizeOf(path)) === file.bytes) return;
    await this.place(path, (temporary) => linkOrCopy(blob, temporary));
  }

  /**
   * Makes a file under a name of its own and renames it. Runs of a batch may download one model at the same moment: none
   * may find a file of another half made, or in its way.
   */
  private async place(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = `${path}.${randomUUID()}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await make(temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw fileError('write', path, error);
    }
  }
}

/** Links symbolically; Windows allows that only to some accounts, so a hard link or a copy takes its place there. */
async function linkOrCopy(blob: string, path: string): Promise<void> {
  try {
    await symlink(relative(dirname(path), blob), path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM') throw error;
    await link(blob, path).catch(() => copyFile(blob, path));
  }
}

/** Undefined if there is no file, or a link is broken. */
async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}
