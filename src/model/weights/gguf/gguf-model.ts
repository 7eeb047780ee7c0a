import { basename, dirname } from 'node:path';
import type { RotaryScaling, TransformerConfiguration } from '../../transformer/configuration.js';
import { ConfigurationReader } from '../../transformer/configuration-fields.js';
import { type ModelFolder, type OpenModel, withVocabularyOf } from '../open-model.js';
import { openTensorFiles } from '../tensor-files.js';
import { GgufFile } from './gguf-file.js';
import { descentKey } from './model-metadata.js';
import { factorTensor, keepsAll, scalingOf } from './rotary-factors.js';
import { architectures, type GgufArchitecture, tensorNames } from './tensor-names.js';
import { metadataTokenizer } from './tokenizer-metadata.js';

/** Whether a path is that of a GGUF file, by its ending. */
export const isGgufPath = (path: string): boolean => /\.gguf$/i.test(path);

/** The model in a GGUF file. */
export function ggufModel(path: string): ModelFolder {
  return {
    path: dirname(path),
    format: `GGUF file ${basename(path)}`,
    files: async () => [basename(path)],
    open: () => openGguf(path),
  };
}

/** Sizes that both architectures have; the vocabulary is the token embedding's. */
function sharedSizes(reader: ConfigurationReader, kind: GgufArchitecture, { tensors }: GgufFile) {
  const embedding = tensors.get('token_embd.weight');
  if (!embedding) reader.refuse('tensor token_embd.weight is missing');
  return {
    vocabularySize: embedding.sizes[1] ?? 1,
    contextLength: reader.size(`${kind}.context_length`, 1 << 24),
    width: reader.size(`${kind}.embedding_length`, 16_384),
    layers: reader.size(`${kind}.block_count`, 1024),
    heads: reader.size(`${kind}.attention.head_count`, 1024),
  };
}

function gpt2Configuration(reader: ConfigurationReader, file: GgufFile): TransformerConfiguration {
  const sizes = sharedSizes(reader, 'gpt2', file);
  const { width, heads } = sizes;
  if (width % heads !== 0) reader.refuse(`width ${width} is not a multiple of ${heads} heads`);
  reader.check([{ name: 'gpt2.feed_forward_length', allowed: [4 * width] }]);
  return { ...sizes, layerNormEpsilon: reader.positive('gpt2.attention.layer_norm_epsilon', 1e-5) };
}

async function llamaConfiguration(
  reader: ConfigurationReader,
  file: GgufFile,
): Promise<TransformerConfiguration> {
  const sizes = sharedSizes(reader, 'llama', file);
  const { width, heads } = sizes;
  const keyValueHeads = reader.size('llama.attention.head_count_kv', heads, heads);
  if (heads % keyValueHeads !== 0)
    reader.refuse(`${heads} heads are no multiple of ${keyValueHeads} of keys and values`);
  const headWidth = reader.size('llama.attention.key_length', 1024, width / heads);
  if (headWidth % 2 !== 0) reader.refuse(`heads of ${headWidth} channels: rotary positions turn pairs`);
  reader.check([
    { name: 'llama.attention.value_length', allowed: [headWidth] },
    { name: 'llama.rope.dimension_count', allowed: [headWidth] },
    { name: 'llama.rope.scaling.type', allowed: ['none', 'linear'] },
    { name: 'llama.expert_count', allowed: [0] },
  ]);
  const base = reader.positive('llama.rope.freq_base', 10_000);
  const scaling = await readScaling(reader, file, base, headWidth);
  return {
    ...sizes,
    layerNormEpsilon: reader.positive('llama.attention.layer_norm_rms_epsilon'),
    llama: {
      keyValueHeads,
      headWidth,
      innerWidth: reader.size('llama.feed_forward_length', 1 << 18),
      rotary: scaling ? { base, scaling } : { base },
      tiedOutput: !file.tensors.has('output.weight'),
    },
  };
}

/** Linear scaling is in the metadata, as llama.cpp reads it (its default type, an older key, 0 for none); Llama 3's is a tensor of factors. */
async function readScaling(
  reader: ConfigurationReader,
  file: GgufFile,
  base: number,
  headWidth: number,
): Promise<RotaryScaling | undefined> {
  const { fields } = reader;
  const key = 'llama.rope.scaling.factor' in fields ? 'llama.rope.scaling.factor' : 'llama.rope.scale_linear';
  const isNone = fields['llama.rope.scaling.type'] === 'none' || (fields[key] ?? 0) === 0;
  const factor = isNone ? 1 : reader.positive(key, 1);
  const linear = factor === 1 ? undefined : ({ kind: 'linear', factor } as const);
  if (!file.tensors.has(factorTensor)) return linear;
  const factors = new Float32Array(headWidth / 2);
  file.rename(new Map([[factorTensor, { stored: factorTensor, form: 'same' }]]));
  await file.read(factorTensor, [factors.length], factors);
  if (keepsAll(factors)) return linear;
  if (linear) return reader.refuse(`rotary positions are scaled twice, linearly and by ${factorTensor}`);
  return (
    scalingOf(factors, base, headWidth) ??
    reader.refuse(
      `the scaling of rotary positions by ${factorTensor} is none of Llama 3's kind with its bounds 1 and 4`,
    )
  );
}

/** A GGUF that titlesmith wrote says whose weights the model's began as. */
function descended(stored: TransformerConfiguration, { metadata }: GgufFile): TransformerConfiguration {
  return metadata.get(descentKey) === 'base' ? { ...stored, descendsFrom: 'base' } : stored;
}

/** Numbers that no double holds are shown, and refused, as texts. */
function fieldsOf({ metadata }: GgufFile): Record<string, unknown> {
  return Object.fromEntries(
    [...metadata].map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}

async function openGguf(path: string): Promise<OpenModel> {
  const file = await GgufFile.open(path);
  try {
    const reader = new ConfigurationReader(fieldsOf(file), path);
    const kind = architectures.find((name) => name === file.metadata.get('general.architecture'));
    if (kind === undefined) {
      const found = String(file.metadata.get('general.architecture'));
      return reader.refuse(
        `models of the architecture ${found} are not supported, only ${architectures.join(' and ')}`,
      );
    }
    const stored = kind === 'gpt2' ? gpt2Configuration(reader, file) : await llamaConfiguration(reader, file);
    const headWidth = stored.llama?.headWidth ?? stored.width / stored.heads;
    const names = [...file.tensors.keys()].filter((name) => kind !== 'llama' || name !== factorTensor);
    file.rename(tensorNames(kind, names, headWidth));
    const described = withVocabularyOf(metadataTokenizer(file.metadata, path), descended(stored, file), path);
    return { ...described, weights: await openTensorFiles([file], stored, 'its metadata') };
  } catch (error) {
    await file.close();
    throw error;
  }
}
