import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeChunksAtomic } from '../../io/atomic-file.js';
import { elementCount } from '../graph/shape.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import { loraSpecifications } from '../transformer/lora.js';
import type { ParameterSpecification } from '../transformer/parameters.js';
import { type AdapterDescription, adapterBytes, adapterFile, describeAdapterIn } from './adapter-bytes.js';
import { openSafetensors } from './safetensors.js';

/** Writes a trained adapter, atomically. @param valuesOf a factor's values by name. */
export async function writeAdapter(
  folder: string,
  base: string,
  specifications: readonly ParameterSpecification[],
  valuesOf: (name: string) => Float32Array,
): Promise<void> {
  const { name, chunks } = adapterBytes(base, specifications, valuesOf);
  await writeChunksAtomic(join(folder, name), chunks());
}

/** What a checkpoint's adapter is of; undefined where it has none. @throws TitlesmithError when the file is damaged. */
export async function describeAdapter(folder: string): Promise<AdapterDescription | undefined> {
  const path = join(folder, adapterFile);
  if (!existsSync(path)) return undefined;
  const file = await openSafetensors(path);
  await file.close();
  return describeAdapterIn(file);
}

/** Reads a checkpoint's adapter: its factors by name. @throws TitlesmithError when there is none, or it is damaged. */
export async function readAdapter(
  folder: string,
  configuration: TransformerConfiguration,
): Promise<AdapterDescription & { readonly factors: ReadonlyMap<string, Float32Array> }> {
  const path = join(folder, adapterFile);
  const file = await openSafetensors(path);
  try {
    const description = describeAdapterIn(file);
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
