import { shownName } from '../../io/shown-name.js';
import { readText } from '../../io/text-file.js';
import type { CsvLayoutOptions } from './csv-layout.js';
import { filesInWords, fingerprintFiles, resolveInputFiles } from './input-files.js';
import { titleFilesSource } from './title-files-source.js';
import type { TitleSource } from './title-source.js';

/**
 * Files of titles on a disk; `.gz` and `.zst` of all.
 * @param paths files or patterns.
 * @throws TitlesmithError when a file is not there or nothing matches.
 */
export async function openCsvSource(
  paths: readonly string[],
  options: CsvLayoutOptions,
): Promise<TitleSource> {
  const files = await resolveInputFiles('csv', paths);
  const named = {
    files: files.map((path) => ({
      path,
      name: shownName(path),
      text: (onRemark?: (message: string) => void) => readText(path, onRemark),
    })),
    inWords: filesInWords(files),
    fingerprint: () => fingerprintFiles(files),
  };
  return titleFilesSource(named, options);
}
