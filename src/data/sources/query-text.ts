import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../common/errors.js';
import { packageRoot } from '../../io/package-root.js';

/** The text of one question in queries/, by file name. @throws TitlesmithError when it cannot be read. */
export async function readQuery(name: string): Promise<string> {
  const path = join(packageRoot, 'queries', name);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileError('read', path, error);
  }
}
