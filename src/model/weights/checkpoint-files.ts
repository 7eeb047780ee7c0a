import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { formatConfiguration } from '../transformer/configuration-file.js';
import { configurationFile, weightsFile } from './model-files.js';
import { type StreamedFile, safetensorsFile } from './safetensors-bytes.js';
import { outputLayer, storedLayout, storedValues } from './stored-tensors.js';

/** What does not change during training: the texts of config.json and of the tokenizer's files, by their names. */
export function modelDescription(
  configuration: TransformerConfiguration,
  tokenizer: Tokenizer,
): ReadonlyMap<string, string> {
  const { endOfTextId, startOfTextId } = tokenizer;
  return new Map([
    [configurationFile, formatConfiguration(configuration, endOfTextId, startOfTextId)],
    ...tokenizer.files(),
  ]);
}

/**
 * model.safetensors, float32, as Hugging Face's `from_pretrained` reads it.
 * @param valuesOf a parameter's values by name; called for one at a time, once for each of its stored tensors, so that
 *   merged weights never all exist at once.
 */
export function modelWeights(
  configuration: TransformerConfiguration,
  valuesOf: (name: string) => Float32Array,
): StreamedFile {
  const { prefix, tensors: byParameter } = storedLayout(configuration);
  const tensors = [...byParameter].flatMap(([parameter, parts]) =>
    parts.map((part) => ({
      name: part.name === outputLayer ? part.name : `${prefix}${part.name}`,
      shape: part.shape,
      values: () => storedValues(part, parts, valuesOf(parameter)),
    })),
  );
  return safetensorsFile(weightsFile, tensors, { format: 'pt' });
}
