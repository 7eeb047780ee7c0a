import { readFileSync, statSync } from 'node:fs';
import { fileError, usageError } from '../../common/errors.js';

const largestFile = 4 * 2 ** 20;
const shape = 'Write biases by token ids, as OpenAI\'s logit_bias has them: {"198": -5, "50256": 2}.';

/**
 * Reads what a file says in place of a value: `@biases.json` of --logit-bias.
 * @param flag the option as typed.
 * @returns an object; its ids and biases are still to be checked.
 * @throws TitlesmithError `usage` when it is no JSON object or larger than 4 MB; when it cannot be read.
 */
export function readBiasesFile(flag: string, path: string): object {
  const content = readSmallFile(flag, path);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw usageError(`${flag} @${path}: the file is not JSON.`, shape);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw usageError(`${flag} @${path}: the file holds no JSON object.`, shape);
}

function readSmallFile(flag: string, path: string): string {
  try {
    const status = statSync(path);
    // A device or a pipe might never end.
    if (!status.isFile()) throw usageError(`${flag} @${path}: that is not a file.`, shape);
    if (status.size > largestFile) throw usageError(`${flag} @${path}: the file is larger than 4 MB.`, shape);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError('read', path, error);
  }
}
