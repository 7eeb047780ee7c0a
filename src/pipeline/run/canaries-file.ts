import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Canaries, formatCanaries, parseCanaries } from '../../common/canaries.js';
import { fileError, systemErrorCode } from '../../common/errors.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { runFiles } from '../../run/run-files.js';

/** Writes canaries.json into a run folder, atomically. @throws TitlesmithError naming the file. */
export async function writeCanaries(folder: string, canaries: Canaries): Promise<void> {
  await writeFileAtomic(join(folder, runFiles.canaries), formatCanaries(canaries));
}

/**
 * Reads a run's canaries.json; undefined if there is none: nothing was planted.
 * @throws TitlesmithError naming the file if it cannot be read, is damaged, or of a newer version.
 */
export async function readCanaries(folder: string): Promise<Canaries | undefined> {
  const path = join(folder, runFiles.canaries);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
  return parseCanaries(text, path);
}
