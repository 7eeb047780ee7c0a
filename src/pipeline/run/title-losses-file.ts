import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode } from '../../common/errors.js';
import { formatTitleLosses, parseTitleLosses, type TitleLosses } from '../../common/title-losses.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { runFiles } from '../../run/run-files.js';

/** Writes title-losses.json into a run folder, atomically. @throws TitlesmithError naming the file. */
export async function writeTitleLosses(folder: string, losses: TitleLosses): Promise<void> {
  await writeFileAtomic(join(folder, runFiles.titleLosses), formatTitleLosses(losses));
}

/**
 * Reads a run's title-losses.json; undefined if there is none, as in runs of earlier versions.
 * @throws TitlesmithError naming the file if it cannot be read, is damaged, or of a newer version.
 */
export async function readTitleLosses(folder: string): Promise<TitleLosses | undefined> {
  const path = join(folder, runFiles.titleLosses);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
  return parseTitleLosses(text, path);
}
