import { createHash } from 'node:crypto';
import { existsSync, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError, usageError } from '../../common/errors.js';
import { hashFile } from '../../io/atomic-file.js';
import { shownName } from '../../io/shown-name.js';
import { expandPattern, hasPatternCharacters } from './file-pattern.js';
import { checkKnownCompression, namesInWords } from './file-reading.js';
import { copyOfPipe, isPipe } from './piped-input.js';

/**
 * The files that a pattern matches; a path that is there, or a pattern that nothing matches, as it is.
 */
export async function matchingFiles(path: string): Promise<readonly string[]> {
  if (!hasPatternCharacters(path) || existsSync(path)) return [path];
  const files = await expandPattern(path);
  return files.length > 0 ? files : [path];
}

async function resolveOne(path: string): Promise<string[]> {
  try {
    if (await isPipe(path)) return [await copyOfPipe(path)];
    const found = await stat(path);
    if (!found.isDirectory()) return [path];
  } catch (error) {
    if (error instanceof TitlesmithError) throw error;
    if (systemErrorCode(error) !== 'ENOENT' || !hasPatternCharacters(path))
      throw fileError('read', path, error);
    const files = await expandPattern(path);
    if (files.length > 0) return files;
    throw new TitlesmithError(`No file matches ${path}.`, {
      code: 'no-file-matches',
      hint: 'Check the folder and the pattern.',
    });
  }
  throw new TitlesmithError(`Cannot read ${path}: it is a folder, not a file.`, {
    code: 'file-eisdir',
    hint: `Name its files: ${path.replace(/[\\/]+$/, '')}/*.csv, or .txt, .jsonl, .ndjson, .parquet, .gz or .zst.`,
  });
}

/**
 * The files that `--input` names, each once, in the order given; a path that is there is never taken for a
 * pattern.
 * @throws TitlesmithError naming the path when there is no such file, nothing matches a pattern, or it is compressed as
 * nothing here decompresses.
 */
export async function resolveInputFiles(source: string, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) {
    throw usageError(`The ${source} source needs at least one file.`, 'Name it with --input.');
  }
  const files: string[] = [];
  for (const path of paths) files.push(...(await resolveOne(path)));
  for (const file of files) checkKnownCompression(file);
  return [...new Set(files)];
}

/** A file beyond this is not read in full only to be identified. */
const maxHashedBytes = 2 ** 28;
/** Bytes looked at in its beginning, middle and end. */
const sampledBytes = 2 ** 20;

/** A big file by its time of change and samples of its content, as reading a dump twice would double the time. */
async function sampleFile(path: string, { size, mtimeMs }: Stats): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    for (const start of [0, Math.floor(size / 2), size - sampledBytes]) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(sampledBytes), 0, sampledBytes, start);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  return `${Math.round(mtimeMs)} sampled ${hash.digest('hex')}`;
}

/**
 * Names, sizes and SHA-256 of files as one text, the same wherever the files lie. Of files beyond 256 MiB the time of
 * change and the hash of samples.
 * @throws TitlesmithError
 */
export async function fingerprintFiles(files: readonly string[]): Promise<string> {
  const parts: string[] = [];
  for (const file of files) {
    try {
      const found = await stat(file);
      const content = found.size > maxHashedBytes ? await sampleFile(file, found) : await hashFile(file);
      parts.push(`${basename(file)} ${found.size} ${content}`);
    } catch (error) {
      throw fileError('read', file, error);
    }
  }
  return parts.join('\n');
}

/** File names for a line of text, without their folders: at most three, then a count. */
export function filesInWords(files: readonly string[]): string {
  const nameOf = (file: string): string => {
    const shown = shownName(file);
    if (shown === file) return basename(file);
    // The name of another pipe changes from call to call.
    return shown === 'standard input' ? shown : 'a pipe';
  };
  return namesInWords(files.map(nameOf));
}
