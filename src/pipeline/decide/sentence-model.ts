import type { WorkContext } from '../../common/progress.js';
import { defaultSentenceModel, locateSentenceModel } from '../../model/embedding/sentence-model.js';
import { provideRuntime } from '../../model/engine/onnxruntime/fetch-runtime.js';
import { type HubSettings, hubSettings } from '../../model/weights/hub/settings.js';
import type { RunOptions } from '../../options/option-table.js';
import { flagOf } from '../../options/option-values.js';
import type { Decision } from '../../run/manifest.js';

/**
 * The sentence model of `--semantic`, looked up before anything runs, but not downloaded yet; ONNX Runtime is.
 * @returns undefined without that option.
 * @throws TitlesmithError when one of them cannot be had; InterruptedError.
 */
export async function decideSentenceModel(
  { semantic, semanticModel }: Pick<RunOptions, 'semantic' | 'semanticModel'>,
  context: WorkContext,
  settings: HubSettings = hubSettings(),
): Promise<Decision | undefined> {
  if (!semantic) return undefined;
  const { onProgress } = context;
  await provideRuntime(context);
  const choice = semanticModel ?? defaultSentenceModel;
  const onWarning = (message: string): void => onProgress({ kind: 'warning', message });
  const located = await locateSentenceModel(choice, settings, onWarning);
  const reason = semanticModel === undefined ? 'the default' : `named with ${flagOf('semanticModel')}`;
  onProgress({ kind: 'note', message: `sentence model: ${located.description} (${reason})` });
  return { choice, reason, ...located };
}
