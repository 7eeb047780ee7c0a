import { TitlesmithError } from '../../common/errors.js';
import { fileFolder } from '../../io/file-source.js';
import { openModelIn } from './folder-model.js';
import { findModelFiles } from './model-files.js';
import type { ModelFolder } from './open-model.js';

/** A model in Hugging Face's files: config.json, the weights, and the tokenizer's. */
export function huggingFaceFolder(path: string): ModelFolder {
  return {
    path,
    format: 'Hugging Face files',
    files: () => huggingFaceFiles(path),
    open: () => openModelIn(fileFolder(path)),
  };
}

async function huggingFaceFiles(path: string): Promise<readonly string[]> {
  const files = await findModelFiles(fileFolder(path));
  if ('names' in files) return files.names;
  throw new TitlesmithError(`${path} has no ${files.missing}.`, {
    code: 'model-folder',
    hint: 'A model needs config.json, model.safetensors and tokenizer.json (save_pretrained of both model and tokenizer writes them), or vocab.json and merges.txt.',
  });
}
