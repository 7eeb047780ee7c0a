import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import { hashFile } from '../../io/atomic-file.js';
import { ggufModel, isGgufPath } from './gguf/gguf-model.js';
import { huggingFaceFolder } from './huggingface-folder.js';
import { configurationFile, hashModelFiles } from './model-files.js';
import type { ModelFolder } from './open-model.js';
import { isCheckpointPrefix, isTensorFlowFolder, tensorFlowFolder } from './tensorflow/checkpoint-folder.js';

/**
 * Detects the kind of model at a path: a GGUF file or a folder with one, Hugging Face's files, a titlesmith run with a checkpoint, or a TensorFlow
 * checkpoint of OpenAI or gpt-2-simple.
 * @param path the folder, the file, or the prefix of a TensorFlow checkpoint in it.
 * @throws TitlesmithError if there is none, naming what is missing.
 */
export async function findModelFolder(path: string): Promise<ModelFolder> {
  if (isCheckpointPrefix(path)) return tensorFlowFolder(path);
  let names: string[];
  try {
    if (!(await stat(path)).isDirectory()) {
      if (isGgufPath(path)) return ggufModel(path);
      throw new TitlesmithError(`${path} is a file; a model is a folder, or a GGUF file.`, {
        code: 'model-folder',
        hint: 'Name the folder that holds config.json and model.safetensors.',
      });
    }
    names = await readdir(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
  if (names.includes(configurationFile)) return huggingFaceFolder(path);
  if (isTensorFlowFolder(names)) return tensorFlowFolder(path);
  const [gguf, ...others] = names.filter(isGgufPath).sort();
  if (gguf !== undefined && others.length > 0) {
    throw new TitlesmithError(`${path} holds ${others.length + 1} GGUF files, each of a model.`, {
      code: 'model-folder',
      hint: `Name one: ${join(path, gguf)}.`,
    });
  }
  if (gguf !== undefined) return ggufModel(join(path, gguf));
  const checkpoint = join(path, 'checkpoint');
  if (existsSync(join(checkpoint, configurationFile))) return huggingFaceFolder(checkpoint);
  if (names.includes('run.json')) {
    await checkReadable(checkpoint);
    throw runWithoutModel(path);
  }
  throw new TitlesmithError(`${path} holds no model: there is no ${configurationFile}, nor hparams.json.`, {
    code: 'model-folder',
    hint: 'Name a folder of Hugging Face files, of gpt-2-simple (checkpoint/run1), or a run of titlesmith.',
  });
}

/** @throws TitlesmithError where a folder is there, but cannot be looked into. */
async function checkReadable(path: string): Promise<void> {
  try {
    await readdir(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw fileError('read', path, error);
  }
}

/** What identifies a model by its files, as {@link hashModelFiles} has it. */
export async function hashModelFolder(folder: ModelFolder): Promise<string> {
  return hashModelFiles(await folder.files(), (name) => hashFile(join(folder.path, name)));
}

/** The error for a run whose training is not done; one with a lock may be under way. */
export function runWithoutModel(path: string): TitlesmithError {
  const hint = existsSync(join(path, 'run.lock'))
    ? 'Wait for the process that works on it to end; where none does, go on with titlesmith pipeline or finetune.'
    : 'Run titlesmith pipeline or finetune for it first.';
  const message = `${path} is a run without a model: it was not trained yet.`;
  return new TitlesmithError(message, { code: 'model-folder', hint });
}
