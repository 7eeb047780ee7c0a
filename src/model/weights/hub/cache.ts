import { copyFile, link, lstat, mkdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileError, systemErrorCode } from '../../../common/errors.js';
import { writeFileAtomic } from '../../../io/atomic-file.js';
import { findModelFiles } from '../model-files.js';
import { type RemoteFile, repositoryFolderName } from './client.js';
import type { HubSettings } from './settings.js';

/**
 * Where the cache keeps a repository: Python's huggingface_hub lays it out like this, so both find the same
 * files.
 */
export class RepositoryCache {
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
