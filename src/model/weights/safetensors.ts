import { writeChunksAtomic } from '../../io/atomic-file.js';
import { fileFolder, openFileSource } from '../../io/file-source.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { WeightSource } from '../transformer/weight-source.js';
import { openWeightsIn } from './folder-model.js';
import { safetensorsFile, type WritableTensor } from './safetensors-bytes.js';
import { SafetensorsFile } from './safetensors-file.js';

/**
 * Writes tensors in the safetensors format, atomically.
 * @param metadata strings to store in the header under `__metadata__`.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly WritableTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  await writeChunksAtomic(path, safetensorsFile(path, tensors, metadata).chunks());
}

/**
 * Opens a safetensors file on a disk.
 * @throws TitlesmithError when it is missing or truncated, or its header does not match its content.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  return SafetensorsFile.open(await openFileSource(path));
}

/** Opens the weights of a folder on a disk. @throws TitlesmithError as {@link openWeightsIn}. */
export async function openSafetensorsModel(
  folder: string,
  configuration: TransformerConfiguration,
): Promise<WeightSource> {
  return openWeightsIn(fileFolder(folder), configuration);
}
