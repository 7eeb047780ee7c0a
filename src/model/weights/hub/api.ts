import { connectionReason, TitlesmithError } from '../../../common/errors.js';
import { retry } from '../../../common/retry.js';
import type { HubSettings } from './settings.js';

/** A file of a repository. */
export interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
  /** The hash of its content, lower-case hexadecimal; also its name in the cache. */
  readonly digest: { readonly algorithm: 'sha256' | 'git-sha1'; readonly hex: string };
}

/** A repository at one commit. */
export interface RemoteSnapshot {
  readonly repository: string;
  /** The requested branch, tag or commit. */
  readonly revision: string;
  readonly commit: string;
  /** The files in its root folder; those of all folders, by their paths, where they were asked for. */
  readonly files: readonly RemoteFile[];
}

const fileLimit = 10_000;
/** Entries, folders among them, and pages of the list: a hub that never ends it is not listened to. */
const [entryLimit, pageLimit] = [10 * fileLimit, 1000];
/** The list of 1,000 files is about 300 KB. */
const answerLimitBytes = 1 << 24;
const [sha1, sha256] = [/^[0-9a-f]{40}$/, /^[0-9a-f]{64}$/];

/**
 * The headers that authenticate requests. `fetch` drops them when a redirect leads to another origin.
 */
export function authorization(settings: HubSettings): Record<string, string> {
  return settings.token ? { Authorization: `Bearer ${settings.token}` } : {};
}

/** The folder of a repository in the cache: `models--owner--name`. */
export function repositoryFolderName(repository: string): string {
  return ['models', ...repository.split('/')].join('--');
}

/** An entry of the hub's list of files; `lfs` where the content lies outside of git. */
interface ListedEntry {
  readonly type: string;
  readonly path: string;
  readonly size: number;
  readonly oid?: string;
  readonly lfs?: { readonly oid: string; readonly size: number };
}

/** A small answer, read whole, bounded in size and time; and where the list that it is a part of goes on. */
interface Answer {
  readonly content: unknown;
  readonly next: string | undefined;
}

/** @throws TitlesmithError for a status; SyntaxError and RangeError for an answer that is none; what `fetch` throws. */
async function ask(url: string, repository: string, settings: HubSettings): Promise<Answer> {
  const signal = AbortSignal.timeout(settings.stallTimeoutMs);
  const response = await fetch(url, { headers: authorization(settings), signal });
  if (!response.ok) {
    await response.body?.cancel();
    throw statusError(response.status, repository, settings);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > answerLimitBytes) throw new RangeError(`an answer of more than ${answerLimitBytes} bytes`);
  }
  const [, next] = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '') ?? [];
  return { content: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown, next };
}

/** All files of a repository at a commit. @throws as {@link ask}; RangeError for a list that goes on elsewhere. */
async function* listFiles(
  repository: string,
  commit: string,
  settings: HubSettings,
  recursive: boolean,
): AsyncGenerator<ListedEntry> {
  let [pages, entries] = [0, 0];
  const first = `${settings.endpoint}/api/models/${repository}/tree/${commit}?recursive=${recursive}`;
  for (let url: string | undefined = first; url !== undefined; ) {
    const { content, next }: Answer = await ask(url, repository, settings);
    const isList = Array.isArray(content) && content.every((entry) => typeof entry?.path === 'string');
    if (!isList) throw new RangeError('its list of files is none');
    pages += 1;
    entries += content.length;
    if (pages > pageLimit || entries > entryLimit) throw new RangeError('its list of files does not end');
    yield* content as ListedEntry[];
    // The token is for this address alone.
    if (next !== undefined && new URL(next, url).origin !== new URL(settings.endpoint).origin)
      throw new RangeError('its list of files goes on at another address');
    url = next === undefined ? undefined : new URL(next, url).href;
  }
}

function remoteFile(repository: string, entry: ListedEntry, settings: HubSettings): RemoteFile {
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

async function requestSnapshot(
  repository: string,
  revision: string,
  settings: HubSettings,
  recursive: boolean,
): Promise<RemoteSnapshot> {
  const about = `${settings.endpoint}/api/models/${repository}/revision/${encodeURIComponent(revision)}`;
  const { content } = await ask(`${about}?expand=sha`, repository, settings);
  const commit = String((content as { sha?: unknown } | null)?.sha);
  if (!sha1.test(commit)) throw malformedAnswer(repository, 'it names no commit', settings);
  const files: RemoteFile[] = [];
  for await (const entry of listFiles(repository, commit, settings, recursive)) {
    if (entry.type === 'file') files.push(remoteFile(repository, entry, settings));
    if (files.length > fileLimit) throw malformedAnswer(repository, `more than ${fileLimit} files`, settings);
  }
  return { repository, revision, commit, files };
}

/**
 * Requests the list of a repository's files at a revision: names, sizes and hashes, no contents.
 * @param recursive whether to list the files of its folders too.
 * @throws TitlesmithError when the hub cannot be reached, does not know the repository, or denies access.
 */
export async function fetchSnapshotInformation(
  repository: string,
  revision: string,
  settings: HubSettings,
  recursive = false,
): Promise<RemoteSnapshot> {
  const attempt = async (): Promise<RemoteSnapshot> => {
    try {
      return await requestSnapshot(repository, revision, settings, recursive);
    } catch (error) {
      if (error instanceof TitlesmithError) throw error;
      if (error instanceof SyntaxError || error instanceof RangeError) {
        throw malformedAnswer(repository, error.message, settings);
      }
      throw connectionError(error, settings);
    }
  };
  return retryRequest(attempt, settings);
}

/** Codes of transient failures, after which a request is retried. */
const transientCodes = new Set(['hub-unreachable', 'hub-busy']);

function isTransient(error: unknown): boolean {
  return error instanceof TitlesmithError && transientCodes.has(error.code);
}

/** The error for a status that the hub returned. */
export function statusError(status: number, repository: string, settings: HubSettings): TitlesmithError {
  const page = `${settings.endpoint}/${repository}`;
  if (status === 401 || status === 403) {
    const known = settings.token ? 'the token given may not read it' : 'no token is set';
    return new TitlesmithError(`The hub does not give out ${repository} (status ${status}); ${known}.`, {
      code: 'hub-denied',
      hint: `Check the name; for a private or gated model accept its terms on ${page} and set HF_TOKEN.`,
    });
  }
  if (status === 404) {
    return new TitlesmithError(`The hub at ${settings.endpoint} knows no ${repository} (status 404).`, {
      code: 'hub-not-found',
      hint: 'Check the name and the revision.',
    });
  }
  const busy = status === 429 || status >= 500;
  return new TitlesmithError(`The hub answers status ${status} when asked for ${repository}.`, {
    code: busy ? 'hub-busy' : 'hub-refused',
    hint: 'Try again later; what is downloaded so far is kept.',
  });
}

/** The error for a request without a response, or with an incomplete one. */
export function connectionError(error: unknown, settings: HubSettings): TitlesmithError {
  return new TitlesmithError(
    `The hub at ${settings.endpoint} cannot be reached (${connectionReason(error)}).`,
    {
      code: 'hub-unreachable',
      hint: 'Check the connection and HF_ENDPOINT; or name a folder that holds the model, or base, which needs no network.',
      cause: error,
    },
  );
}

/** The error for a response that cannot be right. */
export function malformedAnswer(repository: string, what: string, settings: HubSettings): TitlesmithError {
  return new TitlesmithError(
    `The hub at ${settings.endpoint} gives a wrong answer about ${repository}: ${what}.`,
    {
      code: 'hub-malformed',
      hint: 'Check HF_ENDPOINT.',
    },
  );
}

/** Retries a request after transient failures, as often as the settings say. */
export async function retryRequest<Result>(
  request: () => Promise<Result>,
  { retries, retryDelayMs }: HubSettings,
  madeProgress?: () => boolean,
): Promise<Result> {
  const policy = { attempts: retries + 1, firstPauseMs: retryDelayMs };
  return retry(request, policy, { isTransient, ...(madeProgress && { madeProgress }) });
}
