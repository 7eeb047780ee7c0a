import { getRepoFolderName, HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { TitlesmithError } from '../../../common/errors.js';
import { connectionError, malformedAnswer, retryRequest, statusError } from './errors.js';
import type { HubSettings } from './settings.js';

/** A file of a repository. */
export interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
  /** What its content must hash to, lower-case hexadecimal; also its name in the cache. */
  readonly digest: { readonly algorithm: 'sha256' | 'git-sha1'; readonly hex: string };
}

/** A repository at one commit. */
export interface RemoteSnapshot {
  readonly repository: string;
  /** What was asked for: a branch, tag or commit. */
  readonly revision: string;
  readonly commit: string;
  /** The files in its top folder. */
  readonly files: readonly RemoteFile[];
}

const fileLimit = 10_000;
/** The list of 1,000 files is about 300 KB. */
const answerLimitBytes = 1 << 24;
const [sha1, sha256] = [/^[0-9a-f]{40}$/, /^[0-9a-f]{64}$/];

/**
 * The headers that identify the person to the hub. `fetch` drops them where a redirect leads to another
 * origin.
 */
export function authorization(settings: HubSettings): Record<string, string> {
  return settings.token ? { Authorization: `Bearer ${settings.token}` } : {};
}

/** The folder of a repository in the cache: `models--owner--name`. */
export function repositoryFolderName(repository: string): string {
  return getRepoFolderName({ type: 'model', name: repository });
}

/** `fetch` for small answers: authorized, read whole, bounded in size and time. */
function boundedFetch(settings: HubSettings): typeof fetch {
  return async (input, init) => {
    const headers = { ...(init?.headers as Record<string, string>), ...authorization(settings) };
    const signal = AbortSignal.timeout(settings.stallTimeoutMs);
    const response = await fetch(input, { ...init, headers, signal });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > answerLimitBytes) throw new RangeError(`an answer of more than ${answerLimitBytes} bytes`);
    }
    return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers });
  };
}

function remoteFile(
  repository: string,
  entry: { path: string; size: number; oid?: string; lfs?: { oid: string; size: number } },
  settings: HubSettings,
): RemoteFile {
  const { path: name, size, oid, lfs } = entry;
  const digest = lfs
    ? ({ algorithm: 'sha256', hex: lfs.oid } as const)
    : ({ algorithm: 'git-sha1', hex: oid ?? '' } as const);
  const bytes = lfs?.size ?? size;
  const isHash = (lfs ? sha256 : sha1).test(digest.hex);
  if (!isHash || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw malformedAnswer(repository, `size or hash of ${JSON.stringify(name)} is not one`, settings);
  }
  return { name, bytes, digest };
}

async function askForSnapshot(
  repository: string,
  revision: string,
  settings: HubSettings,
): Promise<RemoteSnapshot> {
  const common = { hubUrl: settings.endpoint, fetch: boundedFetch(settings) };
  const { sha: commit } = await modelInfo({
    ...common,
    name: repository,
    revision,
    additionalFields: ['sha'],
  });
  if (!sha1.test(commit)) throw malformedAnswer(repository, 'it names no commit', settings);
  const files: RemoteFile[] = [];
  for await (const entry of listFiles({ ...common, repo: repository, revision: commit })) {
    if (entry.type === 'file') files.push(remoteFile(repository, entry, settings));
    if (files.length > fileLimit) throw malformedAnswer(repository, `more than ${fileLimit} files`, settings);
  }
  return { repository, revision, commit, files };
}

/**
 * Asks the hub for a repository's files at a revision: names, sizes and hashes, no contents.
 * @throws TitlesmithError when the hub cannot be reached, does not know the repository, or must not give it
 *   out.
 */
export async function fetchSnapshotInformation(
  repository: string,
  revision: string,
  settings: HubSettings,
): Promise<RemoteSnapshot> {
  const ask = async (): Promise<RemoteSnapshot> => {
    try {
      return await askForSnapshot(repository, revision, settings);
    } catch (error) {
      if (error instanceof TitlesmithError) throw error;
      if (error instanceof HubApiError) throw statusError(error.statusCode, repository, settings);
      if (error instanceof SyntaxError || error instanceof RangeError) {
        throw malformedAnswer(repository, error.message, settings);
      }
      throw connectionError(error, settings);
    }
  };
  return retryRequest(ask, settings);
}
