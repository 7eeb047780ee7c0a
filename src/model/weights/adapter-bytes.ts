import { type ContentHash, Sha256 } from '../../common/sha256.js';
import { elementCount } from '../graph/shape.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { type ParameterSpecification, parameterSpecifications } from '../transformer/parameters.js';
import type { WeightSource } from '../transformer/weight-source.js';
import { damagedCheckpoint } from './open-model.js';
import { type StreamedFile, safetensorsFile } from './safetensors-bytes.js';
import type { SafetensorsFile } from './safetensors-file.js';

/**
 * The file beside a model's merged weights that holds what its training with adapters added to those it began with, so that
 * models of one base can be served with its weights once.
 */
export const adapterFile = 'adapter.safetensors';

/** What an adapter was trained on, and how large it is. */
export interface AdapterDescription {
  /** As {@link baseIdentity} gives it. */
  readonly base: string;
  readonly rank: number;
}

/**
 * What identifies the model that adapters belong to: SHA-256 over its shape, its tokenizer's files and the float32 values of its
 * weights, lower-case hexadecimal. The same for every format and folder that these are read from.
 * @param hash of SHA-256, with nothing in it yet.
 * @throws TitlesmithError naming a tensor that cannot be read.
 */
export async function baseIdentity(
  configuration: TransformerConfiguration,
  tokenizer: Tokenizer,
  weights: Pick<WeightSource, 'read'>,
  hash: ContentHash = new Sha256(),
): Promise<string> {
  for (const [name, content] of tokenizer.files()) hash.update(`${name} ${content.length}\n${content}`);
  const { descendsFrom: _, ...shape } = configuration;
  hash.update(`${JSON.stringify(Object.entries(shape).sort())}\n`);
  for (const { name, shape } of parameterSpecifications(configuration)) {
    const values = new Float32Array(elementCount(shape));
    await weights.read(name, values);
    hash.update(`${name} ${shape.join()}\n`);
    hash.update(new Uint8Array(values.buffer));
  }
  return hash.hex();
}

/** A trained adapter's file. @param valuesOf a factor's values by name. */
export function adapterBytes(
  base: string,
  specifications: readonly ParameterSpecification[],
  valuesOf: (name: string) => Float32Array,
): StreamedFile {
  const tensors = specifications.map(({ name, shape }) => ({ name, shape, values: () => valuesOf(name) }));
  return safetensorsFile(adapterFile, tensors, { base, rank: String(specifications[0]!.shape[1]) });
}

/** What the adapter in an open file is of. @throws TitlesmithError when it does not say. */
export function describeAdapterIn({ path, metadata }: SafetensorsFile): AdapterDescription {
  const { base = '', rank = '' } = metadata;
  const isSound = /^[0-9a-f]{64}$/.test(base) && /^[1-9]\d{0,3}$/.test(rank);
  if (!isSound) throw damagedCheckpoint(path, 'it does not say what base and rank it is of');
  return { base, rank: Number(rank) };
}
