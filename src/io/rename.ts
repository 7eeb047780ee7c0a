import { rename } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { systemErrorCode } from '../common/errors.js';

/** Waits before further attempts, in milliseconds: a second and a half in all. */
const waitsMs = [10, 20, 50, 100, 200, 400, 800];

/**
 * Whether a rename that failed may succeed a moment later: Windows refuses one while a virus scanner, an indexer or a reader has a
 * file of it open, which the systems of POSIX allow.
 */
function isPassing(error: unknown, platform: NodeJS.Platform): boolean {
  return platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(systemErrorCode(error) ?? '');
}

/**
 * Renames a file or folder; a file takes the place of another. On Windows what is open elsewhere is tried again for a moment.
 * @param attempt renames once.
 * @throws Error of the file system, that of the last attempt.
 */
export async function renameFile(
  from: string,
  to: string,
  platform: NodeJS.Platform = process.platform,
  attempt: typeof rename = rename,
): Promise<void> {
  for (const wait of waitsMs) {
    try {
      return await attempt(from, to);
    } catch (error) {
      if (!isPassing(error, platform)) throw error;
    }
    await delay(wait);
  }
  await attempt(from, to);
}
