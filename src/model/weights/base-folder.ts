import { join } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import { packageRoot } from '../../io/package-root.js';
import { baseHash } from './base-model.js';

/** Where the base model lies in an installation. */
export const baseFolder: string = join(packageRoot, 'data/base');

/** @throws TitlesmithError when the files of the base model are not those that titlesmith ships. */
export function checkBaseHash(hash: string): void {
  if (hash === baseHash) return;
  throw new TitlesmithError(`The base model in ${baseFolder} is not the one that titlesmith ships.`, {
    code: 'base-model-changed',
    hint: 'Install titlesmith again; a model of your own is named by its folder.',
  });
}
