import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode } from '../../common/errors.js';
import { hashFile } from '../../io/atomic-file.js';
import type { FileRecord } from '../../run/manifest.js';

/** Path of a file, or sorted paths of all files below a folder, relative to `root` with forward slashes. Empty if missing. */
async function listFiles(root: string, relativePath: string): Promise<string[]> {
  const path = join(root, relativePath);
  try {
    if (!(await stat(path)).isDirectory()) return [relativePath];
    const names = (await readdir(path)).sort();
    const nested = await Promise.all(names.map((name) => listFiles(root, `${relativePath}/${name}`)));
    return nested.flat();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw fileError('read', path, error);
  }
}

/**
 * Size and hash of files by relative path. A folder in `paths` means all files below it; missing paths are skipped.
 * @throws TitlesmithError when a file cannot be read.
 */
export async function recordFiles(
  root: string,
  paths: readonly string[],
): Promise<Record<string, FileRecord>> {
  const records: Record<string, FileRecord> = {};
  for (const path of paths) {
    for (const file of await listFiles(root, path)) {
      const { size } = await stat(join(root, file));
      records[file] = { bytes: size, sha256: await hashFile(join(root, file)) };
    }
  }
  return records;
}

/** Whether every recorded file exists with its recorded size and hash. Compares sizes first, which is cheap. */
export async function filesAreUnchanged(
  root: string,
  records: Readonly<Record<string, FileRecord>>,
): Promise<boolean> {
  for (const [file, record] of Object.entries(records)) {
    const found = await stat(join(root, file)).catch(() => undefined);
    if (!found?.isFile() || found.size !== record.bytes) return false;
  }
  for (const [file, record] of Object.entries(records)) {
    if ((await hashFile(join(root, file))) !== record.sha256) return false;
  }
  return true;
}
