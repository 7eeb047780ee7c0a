import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TitlesmithError } from '../../../common/errors.js';
import type { WorkContext } from '../../../common/progress.js';
import { descriptionFiles, weightsEntry } from '../model-files.js';
import { parseWeightsIndex, weightsIndexFile } from '../safetensors-model.js';
import { RepositoryCache } from './cache.js';
import { fetchSnapshotInformation, type RemoteFile, type RemoteSnapshot } from './client.js';
import { downloadBlob } from './download.js';
import type { HubSettings } from './settings.js';

/** What is asked of the hub. */
export interface HubRequest {
  readonly repository: string;
  /** A branch, tag or commit. */
  readonly revision: string;
  /** The commit the revision was found to be at before: exactly this one, wherever the branch is now. */
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
