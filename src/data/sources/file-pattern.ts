import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, parse, sep } from 'node:path';
import { glob } from 'tinyglobby';

/** Whether a path may be a pattern. */
export const hasPatternCharacters = (path: string): boolean => /[*?[\]]/.test(path);

/** A pattern as tinyglobby reads it: slashes alone, and what would be syntax to it beside `*`, `?` and `[…]` as it is. */
const plainly = (pattern: string): string =>
  (sep === '\\' ? pattern.replaceAll('\\', '/') : pattern).replace(/[(){}!|+@](?<!\[!)/g, '\\$&');

/**
 * The files that a pattern matches, sorted; none where nothing does. `*` and `?` stand for any characters of a name, `[…]` for
 * one of some (`[!…]` of all others), `**` for any number of folders; names that begin with a dot are no exception.
 */
export async function expandPattern(pattern: string): Promise<string[]> {
  const absolute = isAbsolute(pattern);
  const files = await glob(plainly(pattern), {
    absolute,
    cwd: absolute ? parse(pattern).root : '.',
    dot: true,
    expandDirectories: false,
    extglob: false,
    braceExpansion: false,
  });
  // A link to a folder may lead to one that is searched already: each of its files counts once, by its shortest path.
  const places = new Map<string, string>();
  for (const file of files.sort((a, b) => a.length - b.length)) {
    const place = join(await realpath(dirname(file)), basename(file));
    if (!places.has(place)) places.set(place, file);
  }
  return [...places.values()].sort();
}
