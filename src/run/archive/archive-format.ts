import { TitlesmithError } from '../../common/errors.js';
import { isTemporaryName } from '../../io/byte-folder.js';
import { lockFileName } from '../run-files.js';

/** The last entry of an archive: the hashes of all others, in the format of `sha256sum -c`. */
export const checksumsName = 'SHA256SUMS';

/** Whether a file is left out: the lock, and temporary files of a killed process. */
export function isExcluded(path: string): boolean {
  return path.split('/').at(-1)!.startsWith(lockFileName) || isTemporaryName(path);
}

/** Of the paths of a run's files, those that an archive holds, in its order. */
export function archivedPaths(paths: readonly string[]): string[] {
  return paths.filter((path) => !isExcluded(path)).sort();
}

/** A file's line in the list of checksums. @param hash SHA-256, lower-case hexadecimal. */
export function checksumLine(path: string, hash: string): string {
  return `${hash}  ${path}\n`;
}

/** The error for an archive that is no run, or is damaged or hostile. @param why ends no sentence. */
export function archiveError(
  place: string,
  why: string,
  hint = 'Was it written by "titlesmith export"?',
): TitlesmithError {
  return new TitlesmithError(`${place} is refused: ${why}.`, { code: 'archive-refused', hint });
}

/** The hashes in a list of checksums, by path. @throws TitlesmithError for a line that is none. */
export function parseChecksums(text: string, place: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [, hash, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
      if (!hash || !path) throw archiveError(place, `${checksumsName} holds a line that is no checksum`);
      return [path, hash];
    }),
  );
}

/** @throws TitlesmithError when a file is missing, damaged, or not in the list of checksums. */
export function compareChecksums(
  found: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string> | undefined,
  place: string,
): void {
  if (!expected && found.size === 0) throw archiveError(place, 'it is empty');
  if (!expected)
    throw archiveError(place, `it has no ${checksumsName}, so it is cut short, or no run of titlesmith`);
  const hint = 'Copy it anew, or export it again.';
  for (const [path, hash] of expected) {
    const own = found.get(path);
    if (own !== hash) throw archiveError(place, `${path} is ${own ? 'damaged' : 'missing'}`, hint);
  }
  const extra = [...found.keys()].find((path) => !expected.has(path));
  if (extra !== undefined) throw archiveError(place, `${extra} stands in no checksum`, hint);
}
