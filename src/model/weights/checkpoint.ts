import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../common/errors.js';
import { silentContext } from '../../common/progress.js';
import { writeChunksAtomic, writeFileAtomic } from '../../io/atomic-file.js';
import { fileFolder } from '../../io/file-source.js';
import { checkArgument, hasKeys, isText } from '../../options/call-arguments.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { type ParameterStore, parameterSpecifications } from '../transformer/parameters.js';
import { loadWeights } from '../transformer/weight-source.js';
import { modelDescription, modelWeights } from './checkpoint-files.js';
import { configurationIn } from './folder-model.js';
import { openSafetensorsModel } from './safetensors.js';

/** Writes what does not change during training: config.json and the tokenizer's files. */
export async function writeModelDescription(
  folder: string,
  configuration: TransformerConfiguration,
  tokenizer: Tokenizer,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError('create the folder', folder, error);
  }
  for (const [name, content] of modelDescription(configuration, tokenizer))
    await writeFileAtomic(join(folder, name), content);
}

/** Writes model.safetensors, atomically. @param valuesOf a parameter's values by name, as {@link modelWeights} has it. */
export async function writeWeights(
  folder: string,
  configuration: TransformerConfiguration,
  valuesOf: (name: string) => Float32Array,
): Promise<void> {
  const { name, chunks } = modelWeights(configuration, valuesOf);
  await writeChunksAtomic(join(folder, name), chunks());
}

/** Reads a folder's config.json. @throws TitlesmithError when there is none that can be read. */
export async function readConfiguration(folder: string): Promise<TransformerConfiguration> {
  checkArgument('readConfiguration', 'folder', folder, isText);
  return configurationIn(fileFolder(folder));
}

/**
 * Reads a folder's weights into a new store: float32, float16 or bfloat16, one file or several.
 * @throws TitlesmithError naming the tensor that does not fit.
 */
export async function readWeights(
  folder: string,
  configuration: TransformerConfiguration,
): Promise<ParameterStore> {
  checkArgument('readWeights', 'folder', folder, isText);
  checkArgument('readWeights', 'configuration', configuration, hasKeys('configuration', 'contextLength'));
  const source = await openSafetensorsModel(folder, configuration);
  try {
    return await loadWeights(source, parameterSpecifications(configuration), silentContext);
  } finally {
    await source.close();
  }
}
