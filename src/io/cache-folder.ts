import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder of what titlesmith fetches once and keeps: TITLESMITH_CACHE, else `titlesmith` where the system keeps such things:
 * XDG_CACHE_HOME or `~/.cache`; on macOS `~/Library/Caches`; on Windows `%LOCALAPPDATA%`. Weights are Hugging Face's
 * and lie in its cache.
 */
export function cacheFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const { TITLESMITH_CACHE: named, XDG_CACHE_HOME: chosen, LOCALAPPDATA: local } = environment;
  if (named) return named;
  const home = homedir();
  const parents: Partial<Record<NodeJS.Platform, string>> = {
    darwin: join(home, 'Library', 'Caches'),
    win32: local || join(home, 'AppData', 'Local'),
  };
  return join(chosen || (parents[platform] ?? join(home, '.cache')), 'titlesmith');
}
