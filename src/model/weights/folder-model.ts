import { TitlesmithError } from '../../common/errors.js';
import { type ByteFolder, readTextIn } from '../../io/byte-folder.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { parseConfiguration } from '../transformer/configuration-file.js';
import type { WeightSource } from '../transformer/weight-source.js';
import { tokenizerIn } from './folder-tokenizer.js';
import { configurationFile, parseWeightsIndex, weightsEntry, weightsFile } from './model-files.js';
import { type OpenModel, withVocabularyOf } from './open-model.js';
import { SafetensorsFile } from './safetensors-file.js';
import { openTensorFiles } from './tensor-files.js';

/** A folder's config.json. @throws TitlesmithError when there is none that can be read. */
export async function configurationIn(folder: ByteFolder): Promise<TransformerConfiguration> {
  return parseConfiguration(await readTextIn(folder, configurationFile), folder.pathOf(configurationFile));
}

async function weightFiles(folder: ByteFolder): Promise<string[]> {
  const entry = weightsEntry(await folder.names());
  if (entry === weightsFile) return [weightsFile];
  if (entry !== undefined) return parseWeightsIndex(await readTextIn(folder, entry), folder.pathOf(entry));
  throw new TitlesmithError(`${folder.name} holds no ${weightsFile}.`, {
    code: 'weights-missing',
    hint: 'Save the model in the safetensors format (save_pretrained of transformers does), or name another folder.',
  });
}

/**
 * Opens the weights of a folder: model.safetensors or the files that model.safetensors.index.json names, checked as
 * {@link openTensorFiles} says.
 * @param configuration the one in the folder's config.json.
 * @throws TitlesmithError naming the tensor that is missing, extra, of another shape, or damaged.
 */
export async function openWeightsIn(
  folder: ByteFolder,
  configuration: TransformerConfiguration,
): Promise<WeightSource> {
  const files: SafetensorsFile[] = [];
  try {
    for (const name of await weightFiles(folder))
      files.push(await SafetensorsFile.open(await folder.open(name)));
    return await openTensorFiles(files, configuration, configurationFile);
  } catch (error) {
    for (const file of files) await file.close();
    throw error;
  }
}

/**
 * Opens a model in Hugging Face's files: config.json, the weights, and the tokenizer's. The caller closes its weights.
 * @throws TitlesmithError saying what is wrong with which file.
 */
export async function openModelIn(folder: ByteFolder): Promise<OpenModel> {
  const stored = await configurationIn(folder);
  const tokenizer = await tokenizerIn(folder);
  return {
    ...withVocabularyOf(tokenizer, stored, folder.name),
    weights: await openWeightsIn(folder, stored),
  };
}
