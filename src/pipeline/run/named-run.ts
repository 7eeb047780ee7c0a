import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import { nearWords } from '../../common/nearest-word.js';
import { defaultOptions } from '../../options/option-values.js';
import { manifestFileName } from '../../run/manifest.js';

/** A name of a folder, which leads nowhere else: no path, and neither `.` nor `..`. */
export const isPlainName = (word: string): boolean => /^(?!\.{1,2}$)[^/\\:\0]+$/.test(word);

/**
 * The path of the run that a word names: the word itself where it is a path that is there, else the run of that name in the
 * folder of runs. Undefined where neither is there.
 * @param runsFolder default: where pipeline keeps runs.
 */
export function findRun(word: string, runsFolder = defaultOptions().runsDir): string | undefined {
  if (existsSync(word)) return word;
  if (!isPlainName(word)) return undefined;
  const path = join(runsFolder, word);
  return existsSync(join(path, manifestFileName)) ? path : undefined;
}

/** The error where a run is asked for, and what is named is none. */
export function missingRun(word: string): TitlesmithError {
  const runsFolder = defaultOptions().runsDir;
  const named = isPlainName(word) ? `, and no run of that name in ${runsFolder}` : '';
  const why = existsSync(word) ? `it has no ${manifestFileName}` : `there is no such folder${named}`;
  const hint = nearRunHint(word) ?? 'titlesmith list names the runs that there are.';
  return new TitlesmithError(`${word} is no run: ${why}.`, { code: 'run-folder-missing', hint });
}

/** Asks for the run that a mistyped name or path may have meant; undefined where none is near. */
export function nearRunHint(word: string): string | undefined {
  const [near] = nearWords(basename(word), runNames(), 1);
  return near === undefined || near === word ? undefined : `Did you mean ${near}?`;
}

/** Names of the runs in the folder where pipeline keeps them. */
export const runNames = (): string[] => runNamesIn(defaultOptions().runsDir);

function runNamesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => existsSync(join(folder, name, manifestFileName)));
  } catch {
    // No folder of runs: there is nothing to suggest.
    return [];
  }
}
