import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileError, systemErrorCode } from '../../common/errors.js';

/** Whether a path may be a pattern. */
export const hasPatternCharacters = (path: string): boolean => /[*?[\]]/.test(path);

/** A part of a pattern between separators, as a regular expression: `*`, `?`, `[a-z]`, `[!a-z]`. */
function expressionOf(part: string): RegExp {
  const source = part.replace(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (whole, not: string, members?: string) => {
    if (members !== undefined) return `[${not ? '^' : ''}${members.replace(/[\\^[\]]/g, '\\$&')}]`;
    if (whole === '*') return '[\\s\\S]*';
    return whole === '?' ? '[\\s\\S]' : whole.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    // A range that ends before it begins has no members.
    return /(?!)/;
  }
}

/** What a folder holds; nothing where it is not there or is no folder. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return [];
    throw fileError('read the folder', folder, error);
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  );
}

async function* matches(folder: string, [part, ...rest]: readonly string[]): AsyncGenerator<string> {
  if (part === undefined) return;
  const under = (name: string): string => (folder === '' ? name : join(folder, name));
  if (part === '**') {
    yield* matches(folder, rest);
    // Links are not followed, as they may lead in a circle.
    for (const entry of await entriesOf(folder))
      if (entry.isDirectory()) yield* matches(under(entry.name), [part, ...rest]);
    return;
  }
  const isPattern = hasPatternCharacters(part);
  const expression = expressionOf(part);
  const names = isPattern
    ? (await entriesOf(folder)).map(({ name }) => name).filter((name) => expression.test(name))
    : [part];
  for (const name of names) {
    const path = under(name);
    if (rest.length > 0) yield* matches(path, rest);
    else if (await isFile(path)) yield path;
  }
}

/**
 * The files that a pattern matches, sorted; none where nothing does. `*` and `?` stand for any characters of a name, `[…]` for
 * one of some (`[!…]` of all others), `**` for any number of folders.
 * @throws TitlesmithError naming a folder that cannot be read.
 */
export async function expandPattern(pattern: string): Promise<string[]> {
  const parts = pattern.split(sep === '\\' ? /[\\/]+/ : /\/+/);
  // A pattern from the root begins with nothing; on Windows with the drive.
  const root = parts[0] === '' ? sep : /^[a-z]:$/i.test(parts[0] ?? '') ? `${parts[0]}${sep}` : '';
  const found = new Set<string>();
  for await (const path of matches(root, root === '' ? parts : parts.slice(1))) found.add(path);
  return [...found].sort();
}
