import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, TitlesmithError } from '../../common/errors.js';
import { hashFile } from '../../common/files.js';
import type { Tokenizer } from '../tokenizer/contract.js';
import { loadTokenizer } from '../tokenizer/load.js';
import { configurationFile, readConfiguration } from './checkpoint.js';
import type { Gpt2Configuration } from './configuration.js';
import { findModelFiles } from './model-files.js';
import { openSafetensorsModel } from './safetensors-model.js';
import type { WeightSource } from './weight-source.js';

/** A model whose files are open; the caller closes its weights. */
export interface OpenModel {
  readonly configuration: Gpt2Configuration;
  readonly tokenizer: Tokenizer;
  readonly weights: WeightSource;
}

/** A folder that holds a model, in a form that can be read. */
export interface ModelFolder {
  readonly path: string;
  /** For people: `Hugging Face`. */
  readonly format: string;
  /** The files that make the model, for its hash. */
  files(): Promise<readonly string[]>;
  open(): Promise<OpenModel>;
}

function huggingFaceFolder(path: string): ModelFolder {
  return {
    path,
    format: 'Hugging Face',
    files: () => huggingFaceFiles(path),
    open: () => openHuggingFaceFolder(path),
  };
}

async function huggingFaceFiles(path: string): Promise<readonly string[]> {
  const files = await findModelFiles(path);
  if ('names' in files) return files.names;
  throw new TitlesmithError(`${path} has no ${files.missing}.`, {
    code: 'model-folder',
    hint: 'A model needs config.json, vocab.json, merges.txt and model.safetensors (save_pretrained writes them).',
  });
}

async function openHuggingFaceFolder(path: string): Promise<OpenModel> {
  const stored = await readConfiguration(path);
  const tokenizer = await loadTokenizer(path);
  const configuration = withVocabularyOf(tokenizer, stored, path);
  return { configuration, tokenizer, weights: await openSafetensorsModel(path, stored) };
}

/**
 * A model whose token embedding was enlarged has rows no token uses (padding to a round number, an added padding
 * token): they are left out, as they can never be learned from titles.
 */
function withVocabularyOf(tokenizer: Tokenizer, stored: Gpt2Configuration, path: string): Gpt2Configuration {
  const { vocabularySize } = tokenizer;
  if (vocabularySize <= stored.vocabularySize) return { ...stored, vocabularySize };
  throw new TitlesmithError(
    `${path}: the tokenizer has ${vocabularySize} tokens, the model only ${stored.vocabularySize}.`,
    { code: 'model-tokenizer', hint: 'Put the tokenizer files that belong to the model there.' },
  );
}

/**
 * Finds out what kind of model a folder holds: Hugging Face's files, or a run of titlesmith with a checkpoint.
 * @throws TitlesmithError when it holds none, naming what is missing.
 */
export async function findModelFolder(path: string): Promise<ModelFolder> {
  let names: string[];
  try {
    if (!(await stat(path)).isDirectory()) {
      throw new TitlesmithError(`${path} is a file; a model is a folder.`, {
        code: 'model-folder',
        hint: 'Name the folder that holds config.json and model.safetensors.',
      });
    }
    names = await readdir(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
  if (names.includes(configurationFile)) return huggingFaceFolder(path);
  const checkpoint = join(path, 'checkpoint');
  if (existsSync(join(checkpoint, configurationFile))) return huggingFaceFolder(checkpoint);
  throw new TitlesmithError(`${path} holds no model: there is no ${configurationFile}.`, {
    code: 'model-folder',
    hint: 'Name a folder with config.json, model.safetensors, vocab.json and merges.txt, or a run of titlesmith.',
  });
}

/** SHA-256 over the names and hashes of a model's files, lower-case hexadecimal: the same wherever the folder lies. */
export async function hashModelFolder(folder: ModelFolder): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await folder.files()) {
    hash.update(`${name} ${await hashFile(join(folder.path, name))}\n`);
  }
  return hash.digest('hex');
}
