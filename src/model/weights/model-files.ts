import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mergesFile, vocabularyFile } from '../tokenizer/huggingface-files.js';
import { configurationFile } from './checkpoint.js';
import { parseWeightsIndex, weightsFile, weightsIndexFile } from './safetensors-model.js';

/** The files of a model besides its weights. */
export const descriptionFiles: readonly string[] = [configurationFile, vocabularyFile, mergesFile];

/**
 * The file to read first of those `names` to know the weight files: the weights themselves, or their index.
 */
export function weightsEntry(names: readonly string[]): string | undefined {
  return [weightsFile, weightsIndexFile].find((name) => names.includes(name));
}

/** The files of a model, in a fixed order; or the first that is missing. */
export type ModelFiles = { readonly names: readonly string[] } | { readonly missing: string };

/**
 * Looks for the files of a model in Hugging Face form in a folder.
 * @throws TitlesmithError when the index of its weights is damaged.
 */
export async function findModelFiles(folder: string): Promise<ModelFiles> {
  const present: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if ((await stat(join(folder, name)).catch(() => undefined))?.isFile()) present.push(name);
  }
  const entry = weightsEntry(present);
  if (entry === undefined) return { missing: weightsFile };
  const path = join(folder, weightsIndexFile);
  const shards = entry === weightsIndexFile ? parseWeightsIndex(await readFile(path, 'utf8'), path) : [];
  const names = [...descriptionFiles, entry, ...shards];
  const missing = names.find((name) => !present.includes(name));
  return missing === undefined ? { names } : { missing };
}
