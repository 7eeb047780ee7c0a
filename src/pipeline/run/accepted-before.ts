import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode } from '../../common/errors.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { runFiles } from '../stages/descriptions.js';

async function readLines(path: string): Promise<readonly string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw fileError('read', path, error);
  }
}

/** Titles a run accepted before those of now; none where it keeps no record of them. @throws TitlesmithError */
export function readAcceptedBefore(folder: string): Promise<readonly string[]> {
  return readLines(join(folder, runFiles.acceptedBefore));
}

/** Adds what is accepted now to what was before, each title once; done twice, it is as done once. @throws TitlesmithError */
export async function keepAccepted(folder: string): Promise<void> {
  const [before, now] = [await readAcceptedBefore(folder), await readLines(join(folder, runFiles.accepted))];
  const titles = [...new Set([...before, ...now])];
  if (titles.length === before.length) return;
  await writeFileAtomic(join(folder, runFiles.acceptedBefore), titles.map((title) => `${title}\n`).join(''));
}
