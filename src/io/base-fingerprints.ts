import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, TitlesmithError } from '../common/errors.js';
import { baseFingerprintsHash } from '../common/package-facts.js';
import { packageRoot } from './package-root.js';

const shippedPath = join(packageRoot, 'data/base/fingerprints.bin');

/**
 * Reads the file, 4 MB, that ships beside the base model: the fingerprints of the titles it was trained on, as
 * `decodeBaseTitles` takes them.
 * @throws TitlesmithError when it cannot be read; `base-model-changed` when it is not the one that titlesmith ships.
 */
export async function readBaseFingerprints(path: string = shippedPath): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
  if (createHash('sha256').update(bytes).digest('hex') === baseFingerprintsHash) return bytes;
  throw new TitlesmithError(`${path} is not the file that titlesmith ships.`, {
    code: 'base-model-changed',
    hint: 'Install titlesmith again.',
  });
}
