import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode } from '../../common/errors.js';
import type { MeaningSearchState, MeaningSearchStore } from '../../dedupe/meaning.js';
import { writeFileAtomic } from '../../io/atomic-file.js';

const fileName = 'meaning-search.json';

/**
 * Keeps the search for paraphrases in the work folder of the dedupe stage, as comparing many thousand titles takes minutes: a
 * stage that is cut short goes on from there.
 * @param resume whether the folder holds the work of the same stage; else what is there is passed over.
 * @throws TitlesmithError when the file cannot be read.
 */
export async function openSearchStore(
  work: string,
  resume: boolean,
): Promise<MeaningSearchStore & { remove(): Promise<void> }> {
  const path = join(work, fileName);
  return {
    state: resume ? await readState(path) : undefined,
    save: (state) => writeFileAtomic(path, JSON.stringify(state)),
    remove: () => rm(path, { force: true }),
  };
}

/** Undefined where nothing was saved, or not by this version. */
async function readState(path: string): Promise<MeaningSearchState | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<MeaningSearchState> | null;
    const { titles, cosines, closest } = value ?? {};
    const areNumbers = (list: unknown): list is number[] =>
      Array.isArray(list) && list.every((each) => Number.isSafeInteger(each));
    if (!Number.isSafeInteger(titles) || !areNumbers(closest)) return undefined;
    if (!Array.isArray(cosines) || !cosines.every(areNumbers)) return undefined;
    return cosines.length === closest.length ? { titles: titles!, cosines, closest } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
}
