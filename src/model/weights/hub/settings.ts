import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { usageError } from '../../../common/errors.js';
import { type ArgumentCheck, checkArgument } from '../../../options/call-arguments.js';

/** How to reach the Hugging Face hub, and where to cache its files. */
export interface HubSettings {
  /** URL without a trailing slash. */
  readonly endpoint: string;
  /** Folder of `models--owner--name` folders, shared with Python's huggingface_hub. */
  readonly cacheFolder: string;
  readonly token: string | undefined;
  /** Use only the cache and make no requests. */
  readonly offline: boolean;
  /** Time without receiving data after which a request counts as failed. */
  readonly stallTimeoutMs: number;
  /** How often a request is repeated after transient failures. */
  readonly retries: number;
  /** Pause before the first retry; doubles with each further one. */
  readonly retryDelayMs: number;
}

const isEnvironment: ArgumentCheck = {
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  fault: 'is no object of variables',
};

const truthyValues = new Set(['1', 'true', 'yes', 'on']);

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

function isWebAddress(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

function endpointOf(value: string | undefined): string {
  const text = value || 'https://huggingface.co';
  if (!isWebAddress(text)) {
    throw usageError(
      `HF_ENDPOINT is ${JSON.stringify(text)}, which is no URL.`,
      'Unset it, or set an https URL.',
    );
  }
  return text.replace(/\/+$/, '');
}

function readToken(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() || undefined : undefined;
}

/**
 * Settings from environment variables, with the names of Python's huggingface_hub: HF_ENDPOINT,
 * HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE. Empty variables count as
 * unset.
 * @throws TitlesmithError `usage` when HF_ENDPOINT is not a URL.
 */
export function hubSettings(environment: NodeJS.ProcessEnv = process.env): HubSettings {
  checkArgument('hubSettings', 'environment', environment, isEnvironment);
  const folder = (name: string): string | undefined => {
    const value = environment[name];
    return value ? expandHome(value) : undefined;
  };
  const home =
    folder('HF_HOME') ?? join(folder('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface');
  const isSet = (name: string): boolean => truthyValues.has((environment[name] ?? '').toLowerCase());
  return {
    endpoint: endpointOf(environment['HF_ENDPOINT']),
    cacheFolder: folder('HF_HUB_CACHE') ?? folder('HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub'),
    token:
      environment['HF_TOKEN']?.trim() ||
      environment['HUGGING_FACE_HUB_TOKEN']?.trim() ||
      readToken(folder('HF_TOKEN_PATH') ?? join(home, 'token')),
    offline: isSet('HF_HUB_OFFLINE') || isSet('TRANSFORMERS_OFFLINE'),
    stallTimeoutMs: 30_000,
    retries: 5,
    retryDelayMs: 1000,
  };
}
