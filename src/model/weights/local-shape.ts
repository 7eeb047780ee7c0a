import type { TransformerConfiguration } from '../transformer/configuration.js';
import { hubSettings } from './hub/settings.js';
import { cachedHubFolder } from './hub/snapshot.js';
import { findModelFolder } from './model-folder.js';
import { parseModelName } from './model-name.js';
import type { OpenModel } from './open-model.js';

/**
 * The shape of a model by its files, which are checked: those of a folder, a GGUF file, or a model of the hub that is cached.
 * The hub is not asked.
 * @param name as for `openModel`.
 * @returns undefined for a model of the hub that is not cached.
 * @throws TitlesmithError saying what is wrong with which file, or that there is no such folder.
 */
export async function localShape(name: string): Promise<TransformerConfiguration | undefined> {
  const parsed = parseModelName(name);
  const path = parsed.kind === 'folder' ? parsed.path : await cachedHubFolder(parsed, hubSettings());
  if (path === undefined) return undefined;
  const { configuration, weights }: OpenModel = await (await findModelFolder(path)).open();
  await weights.close();
  return configuration;
}
