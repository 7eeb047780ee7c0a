import { silentContext, type WorkContext } from '../../common/progress.js';
import type { Engine } from '../engine/engine.js';
import { createOnnxRuntimeEngine } from '../engine/onnxruntime/cpu-engine.js';
import { baseFolder } from './base-folder.js';
import { type GenerationModel, openGenerationSession, type SessionOptions } from './generation-session.js';
import { findModelFolder } from './model-folder.js';
import { parseModelName } from './model-name.js';
import type { OpenModel } from './open-model.js';
import { openModel, questionToHub } from './resolve-model.js';

export interface GenerationModelOptions extends SessionOptions {
  /** Default: ONNX Runtime on the CPU. */
  readonly engine?: Engine | undefined;
}

/**
 * Opens a model for generation; used by commands, the server, samples during training and the library.
 * @param model a name as in {@link openModelFiles}, or a model with open weights, which the caller closes.
 * @throws TitlesmithError when there is no such model, its files are invalid, or the engine does not compute in the
 *   precision.
 */
export async function openForGeneration(
  model: string | OpenModel,
  options: GenerationModelOptions = {},
  context: WorkContext = silentContext,
): Promise<GenerationModel> {
  if (typeof model === 'string') {
    const opened = await openModelFiles(model, context);
    return openForGeneration(opened, options).finally(() => opened.weights.close());
  }
  const { engine = createOnnxRuntimeEngine() } = options;
  return openGenerationSession(model, { ...options, engine });
}

/**
 * Opens a model's files like `openModel`, but without hashing a folder: generation does not record the hash, which
 * would take a fifth of the time to the first text.
 * @param name a folder (of a run, of Hugging Face files, of gpt-2-simple), or base, 124M, 355M, 774M, 1558M, or a Hugging
 *   Face id, which is downloaded unless it is cached.
 * @param context receives the progress of a download, and can stop it.
 */
export async function openModelFiles(name: string, context: WorkContext): Promise<OpenModel> {
  const parsed = parseModelName(name);
  const asked = questionToHub(name);
  if (asked !== undefined) context.onProgress({ kind: 'note', message: asked });
  // The base model is small, and is checked whenever it is opened.
  if (parsed.kind === 'hub' || parsed.path === baseFolder) return openModel(name, context);
  return (await findModelFolder(parsed.path)).open();
}
