import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { elementCount } from '../graph/shape.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { loraSpecifications } from '../transformer/lora.js';
import { type ParameterSpecification, parameterSpecifications } from '../transformer/parameters.js';
import type { WeightSource } from '../transformer/weight-source.js';
import { damagedCheckpoint } from './open-model.js';
import { openSafetensors, writeSafetensors } from './safetensors.js';

/**
 * The file beside a model's merged weights that holds what its training with adapters added to those it began with, so that
 * models of one base can be served with its weights once.
 */
const adapterFile = 'adapter.safetensors';

/** What an adapter was trained on, and how large it is. */
export interface AdapterDescription {
  /** As {@link baseIdentity} gives it. */
  readonly base: string;
  readonly rank: number;
}

/**
 * What identifies the model that adapters belong to: SHA-256 over its shape, its tokenizer's files and the float32 values of its
 * weights, lower-case hexadecimal. The same for every format and folder that these are read from.
 * @throws TitlesmithError naming a tensor that cannot be read.
 */
export async function baseIdentity(
  configuration: TransformerConfiguration,
  tokenizer: Tokenizer,
  weights: Pick<WeightSource, 'read'>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const [name, content] of tokenizer.files()) hash.update(`${name} ${content.length}\n${content}`);
  const { descendsFrom: _, ...shape } = configuration;
  hash.update(`${JSON.stringify(Object.entries(shape).sort())}\n`);
  for (const { name, shape } of parameterSpecifications(configuration)) {
    const values = new Float32Array(elementCount(shape));
    await weights.read(name, values);
    hash.update(`${name} ${shape.join()}\n`);
    hash.update(new Uint8Array(values.buffer));
  }
  return hash.digest('hex');
}

/** Writes a trained adapter, atomically. @param valuesOf a factor's values by name. */
export async function writeAdapter(
  folder: string,
  base: string,
  specifications: readonly ParameterSpecification[],
  valuesOf: (name: string) => Float32Array,
): Promise<void> {
  const tensors = specifications.map(({ name, shape }) => ({ name, shape, values: () => valuesOf(name) }));
  await writeSafetensors(join(folder, adapterFile), tensors, {
    base,
    rank: String(specifications[0]!.shape[1]),
  });
}

/** Removes the adapter of weights that are about to be replaced. */
export async function removeAdapter(folder: string): Promise<void> {
  await rm(join(folder, adapterFile), { force: true });
}

/** What a checkpoint's adapter is of; undefined where it has none. @throws TitlesmithError when the file is damaged. */
export async function describeAdapter(folder: string): Promise<AdapterDescription | undefined> {
  const path = join(folder, adapterFile);
  if (!existsSync(path)) return undefined;
  const file = await openSafetensors(path);
  await file.close();
  return descriptionIn(path, file.metadata);
}

function descriptionIn(
  path: string,
  { base = '', rank = '' }: Readonly<Record<string, string>>,
): AdapterDescription {
  const isSound = /^[0-9a-f]{64}$/.test(base) && /^[1-9]\d{0,3}$/.test(rank);
  if (!isSound) throw damagedCheckpoint(path, 'it does not say what base and rank it is of');
  return { base, rank: Number(rank) };
}

/** Reads a checkpoint's adapter: its factors by name. @throws TitlesmithError when there is none, or it is damaged. */
export async function readAdapter(
  folder: string,
  configuration: TransformerConfiguration,
): Promise<AdapterDescription & { readonly factors: ReadonlyMap<string, Float32Array> }> {
  const path = join(folder, adapterFile);
  const file = await openSafetensors(path);
  try {
    const description = descriptionIn(path, file.metadata);
    const factors = new Map<string, Float32Array>();
    for (const { name, shape } of loraSpecifications(configuration, description.rank)) {
      const values = new Float32Array(elementCount(shape));
      await file.read(name, shape, values);
      factors.set(name, values);
    }
    return { ...description, factors };
  } finally {
    await file.close();
  }
}
