import { readFile } from 'node:fs/promises';
import { fileError, usageError } from '../../common/errors.js';
import type { RunOptions } from '../../options/option-table.js';

/** The prefixes in --prefix-file; undefined without it. @throws as {@link readPrefixFile}. */
export async function readPrefixes({ prefixFile }: RunOptions): Promise<readonly string[] | undefined> {
  return prefixFile === undefined ? undefined : readPrefixFile(prefixFile);
}

const largestPrefixFile = 64 * 2 ** 20;

/**
 * Reads a file of prefixes, one per line. Empty lines are skipped; trailing white space is part of the prefix.
 * @throws TitlesmithError when it cannot be read, is not UTF-8, is larger than 64 MB or holds no prefix.
 */
export async function readPrefixFile(path: string): Promise<string[]> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
  if (content.length > largestPrefixFile) throw usageError(`--prefix-file ${path} is larger than 64 MB.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw usageError(`--prefix-file ${path} is not UTF-8 text.`, 'Save it as UTF-8, one prefix a line.');
  }
  const prefixes = text.split(/\r?\n/).filter((line) => line !== '');
  if (prefixes.length === 0) throw usageError(`--prefix-file ${path} holds no prefix.`);
  return prefixes;
}
