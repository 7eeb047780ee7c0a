import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../common/errors.js';
import { silentContext } from '../../common/progress.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { checkArgument, hasKeys, isText } from '../../options/call-arguments.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { formatConfiguration, parseConfiguration } from '../transformer/configuration-file.js';
import { type ParameterStore, parameterSpecifications } from '../transformer/parameters.js';
import { loadWeights } from '../transformer/weight-source.js';
import { writeSafetensors } from './safetensors.js';
import { openSafetensorsModel, weightsFile } from './safetensors-model.js';
import { outputLayer, storedLayout, storedValues } from './stored-tensors.js';

export const configurationFile = 'config.json';

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
  await writeFileAtomic(
    join(folder, configurationFile),
    formatConfiguration(configuration, tokenizer.endOfTextId, tokenizer.startOfTextId),
  );
  for (const [name, content] of tokenizer.files()) await writeFileAtomic(join(folder, name), content);
}

/**
 * Writes model.safetensors, atomically.
 * @param valuesOf a parameter's values by name; called for one at a time, once for each of its stored tensors, so that
 *   merged weights never all exist at once.
 */
export async function writeWeights(
  folder: string,
  configuration: TransformerConfiguration,
  valuesOf: (name: string) => Float32Array,
): Promise<void> {
  const { prefix, tensors: byParameter } = storedLayout(configuration);
  const tensors = [...byParameter].flatMap(([parameter, parts]) =>
    parts.map((part) => ({
      name: part.name === outputLayer ? part.name : `${prefix}${part.name}`,
      shape: part.shape,
      values: () => storedValues(part, parts, valuesOf(parameter)),
    })),
  );
  await writeSafetensors(join(folder, weightsFile), tensors, { format: 'pt' });
}

/** Reads a folder's config.json. @throws TitlesmithError when there is none that can be read. */
export async function readConfiguration(folder: string): Promise<TransformerConfiguration> {
  checkArgument('readConfiguration', 'folder', folder, isText);
  const path = join(folder, configurationFile);
  try {
    return parseConfiguration(await readFile(path, 'utf8'), path);
  } catch (error) {
    throw fileError('read', path, error);
  }
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
