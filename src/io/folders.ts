import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError, systemErrorCode } from '../common/errors.js';

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function make(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await make(parent);
  try {
    await mkdir(path);
  } catch (error) {
    // Another process may have made it in the meantime.
    if (systemErrorCode(error) !== 'EEXIST' || !(await isFolder(path))) throw error;
  }
}

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns where a file system answers ENOENT
 * though the folder above is there, as /proc does.
 * @throws TitlesmithError naming the path.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await make(path);
  } catch (error) {
    throw fileError('create the folder', path, error);
  }
}

/**
 * Flushes a folder's table of entries, so that a new or renamed file survives a power cut. Does nothing on Windows, where
 * folders cannot be opened.
 * @throws Error of the file system.
 */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
