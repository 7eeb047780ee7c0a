import type { TransformerConfiguration } from './configuration.js';
import { type ConfigurationFields, ConfigurationReader } from './configuration-fields.js';
import { gpt2Fields, gpt2TrainingFields, readGpt2 } from './gpt2-configuration.js';
import { llamaFields, readLlama } from './llama-configuration.js';

/** Key of config.json, titlesmith's own, which transformers keeps: whose weights the model's began as. */
const descentKey = 'titlesmith_descends_from';

/** Hugging Face's config.json. @param startOfTextId where a text begins with another token than it ends with. */
export function formatConfiguration(
  configuration: TransformerConfiguration,
  endOfTextId: number,
  startOfTextId = endOfTextId,
): string {
  const { llama, descendsFrom } = configuration;
  const file = {
    ...(llama ? llamaFields(configuration, llama) : gpt2Fields(configuration)),
    bos_token_id: startOfTextId,
    eos_token_id: endOfTextId,
    ...(llama ? {} : gpt2TrainingFields),
    torch_dtype: 'float32',
    [descentKey]: descendsFrom,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Reads config.json. @param path names the file in messages.
 * @throws TitlesmithError when it is not JSON, neither a GPT-2 nor a Llama, or a size is missing or out of bounds.
 */
export function parseConfiguration(content: string, path: string): TransformerConfiguration {
  const nothing = new ConfigurationReader({}, path);
  let fields: ConfigurationFields;
  try {
    fields = JSON.parse(content) as ConfigurationFields;
  } catch {
    return nothing.refuse('not JSON');
  }
  if (typeof fields !== 'object' || fields === null) return nothing.refuse('not a JSON object');
  const reader = new ConfigurationReader(fields, path);
  const kind = fields['model_type'];
  if (kind !== 'gpt2' && kind !== 'llama')
    return reader.refuse(`model_type is ${JSON.stringify(kind)}, neither "gpt2" nor "llama"`);
  const configuration = kind === 'gpt2' ? readGpt2(reader) : readLlama(reader, path);
  return fields[descentKey] === 'base' ? { ...configuration, descendsFrom: 'base' } : configuration;
}
