import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import { configurationFile, readConfiguration } from './checkpoint.js';
import { loadTokenizer, tokenizerFilesOf } from './load-tokenizer.js';
import { type ModelFolder, type OpenModel, withVocabularyOf } from './open-model.js';
import {
  openSafetensorsModel,
  parseWeightsIndex,
  weightsFile,
  weightsIndexFile,
} from './safetensors-model.js';

/** A model in Hugging Face's files: config.json, the weights, and the tokenizer's. */
export function huggingFaceFolder(path: string): ModelFolder {
  return {
    path,
    format: 'Hugging Face files',
    files: () => huggingFaceFiles(path),
    open: () => openHuggingFaceFolder(path),
  };
}

async function huggingFaceFiles(path: string): Promise<readonly string[]> {
  const files = await findModelFiles(path);
  if ('names' in files) return files.names;
  throw new TitlesmithError(`${path} has no ${files.missing}.`, {
    code: 'model-folder',
    hint: 'A model needs config.json, model.safetensors and tokenizer.json (save_pretrained of both model and tokenizer writes them), or vocab.json and merges.txt.',
  });
}

async function openHuggingFaceFolder(path: string): Promise<OpenModel> {
  const stored = await readConfiguration(path);
  const tokenizer = await loadTokenizer(path);
  return { ...withVocabularyOf(tokenizer, stored, path), weights: await openSafetensorsModel(path, stored) };
}

/** The files of a model besides its weights: those it needs, there or not, and those that are read where they are. */
export function descriptionFiles(present: readonly string[]): readonly string[] {
  return [configurationFile, ...tokenizerFilesOf(present)];
}

/**
 * Of a folder's file names, the one that leads to the weights: the weights themselves, or their index.
 */
export function weightsEntry(names: readonly string[]): string | undefined {
  return [weightsFile, weightsIndexFile].find((name) => names.includes(name));
}

/** The names of a model's files, in a fixed order; or of the first that is missing. */
type ModelFiles = { readonly names: readonly string[] } | { readonly missing: string };

/**
 * Looks for a model's Hugging Face files in a folder.
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
  const names = [...descriptionFiles(present), entry, ...shards];
  const missing = names.find((name) => !present.includes(name));
  return missing === undefined ? { names } : { missing };
}
