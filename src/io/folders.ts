import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../common/errors.js';

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

/** Removes folders until one is not empty: it is then in use, by whoever made it or by another. */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
  }
}

/** The folders on a path that do not exist yet, the innermost first. */
export function missingFolders(path: string): string[] {
  if (existsSync(path)) return [];
  const parent = dirname(path);
  return [path, ...(parent === path ? [] : missingFolders(parent))];
}

/**
 * Makes a folder of its own in the system's folder for temporary files.
 * @param purpose part of its name.
 * @returns its path. @throws TitlesmithError naming the system's folder, and how to choose another.
 */
export async function makeTemporaryFolder(purpose: string): Promise<string> {
  const parent = tmpdir();
  try {
    return await mkdtemp(join(parent, `titlesmith-${purpose}-`));
  } catch (error) {
    const fault = fileError('create a temporary folder in', parent, error);
    if (!(fault instanceof TitlesmithError)) throw fault;
    const { message, code } = fault;
    const hint = 'Name a folder that you may write to in TMPDIR.';
    throw new TitlesmithError(message, { code, hint, cause: error });
  }
}
