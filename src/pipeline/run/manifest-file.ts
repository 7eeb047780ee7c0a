import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode } from '../../common/errors.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { isGgufPath } from '../../model/weights/gguf/gguf-model.js';
import { formatManifest, type Manifest, manifestFileName, parseManifest } from '../../run/manifest.js';

/**
 * Reads run.json.
 * @param folder or a GGUF file, which is no run.
 * @returns undefined if the folder has none.
 * @throws TitlesmithError when it cannot be read, is not a manifest, or was written by a newer titlesmith.
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  if (isGgufPath(folder)) return undefined;
  const path = join(folder, manifestFileName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
  return parseManifest(text, path);
}

/** Writes run.json atomically. @throws TitlesmithError naming the path. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFileAtomic(join(folder, manifestFileName), formatManifest(manifest));
}
