import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../common/errors.js';
import { writeFileAtomic } from '../../common/files.js';
import type { Tokenizer } from '../tokenizer/contract.js';
import { formatConfiguration, type Gpt2Configuration, parseConfiguration } from './configuration.js';
import { createParameterStore, type ParameterStore } from './parameters.js';
import { type NamedTensor, SafetensorsFile, writeSafetensors } from './safetensors.js';

/** Weights that generation and Hugging Face's `from_pretrained` read. */
const weightsFile = 'model.safetensors';
const configurationFile = 'config.json';

/** Hugging Face files every GPT-2 tensor under this prefix; published checkpoints have it or not. */
const prefix = 'transformer.';

/** A store's tensors in the order of the forward pass, each name behind `namePrefix`. */
export function namedTensors(store: ParameterStore, namePrefix: string): NamedTensor[] {
  return store.specifications.map(({ name, shape }) => ({
    name: `${namePrefix}${name}`,
    shape,
    data: store.views.get(name)!,
  }));
}

/** Writes what does not change while training: config.json and the tokenizer's files. */
export async function writeModelDescription(
  folder: string,
  configuration: Gpt2Configuration,
  tokenizer: Tokenizer,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError('create the folder', folder, error);
  }
  await writeFileAtomic(
    join(folder, configurationFile),
    formatConfiguration(configuration, tokenizer.endOfTextId),
  );
  for (const [name, content] of tokenizer.files()) await writeFileAtomic(join(folder, name), content);
}

/** Writes model.safetensors, atomically. */
export async function writeWeights(folder: string, store: ParameterStore): Promise<void> {
  await writeSafetensors(join(folder, weightsFile), namedTensors(store, prefix), { format: 'pt' });
}

/** @throws TitlesmithError when the folder holds no readable config.json. */
export async function readConfiguration(folder: string): Promise<Gpt2Configuration> {
  const path = join(folder, configurationFile);
  try {
    return parseConfiguration(await readFile(path, 'utf8'), path);
  } catch (error) {
    throw fileError('read', path, error);
  }
}

/** Reads a folder's weights into a new store. @throws TitlesmithError naming the tensor that does not fit. */
export async function readWeights(folder: string, configuration: Gpt2Configuration): Promise<ParameterStore> {
  const store = createParameterStore(configuration);
  const file = await SafetensorsFile.open(join(folder, weightsFile));
  try {
    const usedPrefix = file.names().some((name) => name.startsWith(prefix)) ? prefix : '';
    for (const { name, shape, data } of namedTensors(store, ''))
      await file.read(`${usedPrefix}${name}`, shape, data);
  } finally {
    await file.close();
  }
  return store;
}
