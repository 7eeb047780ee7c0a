import { TitlesmithError } from '../../common/errors.js';
import { silentContext, type WorkContext } from '../../common/progress.js';
import { hubSettings } from '../../model/weights/hub/settings.js';
import { locateModel, openModel } from '../../model/weights/resolve-model.js';

/**
 * Brings a model into the cache that Hugging Face's own tools use, unless it is there.
 * @param name 124M, 355M, 774M, 1558M, distil, or `owner/name[@revision]`.
 * @param context hears of the progress, and may ask to stop.
 * @returns one line on what was fetched: the repository and its commit.
 * @throws TitlesmithError when the model cannot be had; InterruptedError when asked to stop.
 */
export async function downloadModel(name: string, context: WorkContext = silentContext): Promise<string> {
  const { weights, source } = await openModel(name, context);
  await weights.close();
  return source.description;
}

/**
 * Whether a model can be opened without the network: a folder that holds one, or a cached one. Asks nobody.
 * @param name as for {@link downloadModel}, or a folder.
 * @throws TitlesmithError `usage` when it is the name of no model.
 */
export async function isDownloaded(name: string): Promise<boolean> {
  try {
    const { missingBytes } = await locateModel(name, { ...hubSettings(), offline: true });
    return missingBytes === 0;
  } catch (error) {
    const isAbsent =
      error instanceof TitlesmithError && ['hub-offline', 'model-folder-missing'].includes(error.code);
    if (isAbsent) return false;
    throw error;
  }
}
