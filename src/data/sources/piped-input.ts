import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { fileError, usageError } from '../../common/errors.js';
import { decompressBeginning } from '../../io/compression/beginning.js';
import { makeTemporaryFolder } from '../../io/folders.js';
import { setShownName } from '../../io/shown-name.js';

/** What `--input` names standard input by. */
const standardInput = '-';

/** Bytes of a copy that are looked at to tell what it holds. */
const beginningBytes = 65_536;

/** Copies that this thread began, by the path that was given. */
const begun = new Map<string, Promise<string>>();
const keyOf = (path: string): string => `titlesmith: copy of ${path}`;

/**
 * Copies what a pipe or standard input holds to a temporary file, removed when the process ends: a pipe gives its bytes
 * once, but input is read twice, to identify it and for its titles.
 * @returns the path of the copy, the same whenever it is asked for, in threads that were started later too.
 * @throws TitlesmithError when standard input is a terminal, or the copy cannot be written.
 */
export async function copyOfPipe(path: string): Promise<string> {
  const known = getEnvironmentData(keyOf(path));
  if (typeof known === 'string') return known;
  const copying = begun.get(path) ?? copyPipe(path);
  begun.set(path, copying);
  const copy = await copying;
  setEnvironmentData(keyOf(path), copy);
  setShownName(copy, path === standardInput ? 'standard input' : path);
  return copy;
}

async function copyPipe(path: string): Promise<string> {
  if (path === standardInput && process.stdin.isTTY) {
    throw usageError('- reads standard input, which is a terminal.', 'Pipe a file into the command.');
  }
  const folder = await makeTemporaryFolder('input');
  try {
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    // One name for all, as it is part of what identifies the titles, and that of a pipe changes from call to call.
    const copy = join(folder, 'piped');
    const source = path === standardInput ? process.stdin : createReadStream(path);
    await pipeline(source, createWriteStream(copy));
    // A pipe has no name that says what it holds.
    if (!(await isJson(copy))) return copy;
    const named = `${copy}.jsonl`;
    await rename(copy, named);
    return named;
  } catch (error) {
    throw fileError('copy', path === standardInput ? 'standard input' : path, error);
  }
}

/** Whether a file begins as lines of JSON do, or as an array or an object. */
async function isJson(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(beginningBytes) });
    const text = Buffer.from(decompressBeginning(buffer.subarray(0, bytesRead))).toString('utf8');
    return /^\uFEFF?\s*(\{\s*"|\[\s*["{])/.test(text);
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** Whether a path gives its bytes only once. @throws what `stat` throws. */
export async function isPipe(path: string): Promise<boolean> {
  if (path === standardInput) return true;
  const found = await stat(path);
  return found.isFIFO() || found.isSocket() || found.isCharacterDevice();
}
