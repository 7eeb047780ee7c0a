import { Sha256 } from '../../common/sha256.js';
import { type ByteFolder, readTextIn } from '../../io/byte-folder.js';
import { tokenizerFilesOf } from './folder-tokenizer.js';
import { damagedCheckpoint } from './open-model.js';

/** A model's shape, in Hugging Face's form. */
export const configurationFile = 'config.json';
/** The weights, as Hugging Face's `from_pretrained` reads them. */
export const weightsFile = 'model.safetensors';
/** Index of a sharded model: which file holds which tensor. */
export const weightsIndexFile = 'model.safetensors.index.json';

/**
 * The files that an index names. @param path of the index, for messages.
 * @throws TitlesmithError when it is not such an index, or a name in it could lead out of the folder.
 */
export function parseWeightsIndex(content: string, path: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw damagedCheckpoint(path, 'not JSON');
  }
  const map = (value as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== 'object' || map === null) throw damagedCheckpoint(path, 'it has no weight_map');
  const names = [...new Set<unknown>(Object.values(map))];
  for (const name of names) {
    const isPlain = typeof name === 'string' && /^[\w-][\w.-]*\.safetensors$/.test(name);
    if (!isPlain) throw damagedCheckpoint(path, `${JSON.stringify(name)} is no name of a weights file`);
  }
  return names as string[];
}

/** The files of a model besides its weights: those it needs, there or not, and those that are read where they are. */
export function descriptionFiles(present: readonly string[]): readonly string[] {
  return [configurationFile, ...tokenizerFilesOf(present)];
}

/**
 * Of a folder's file names, the one that leads to the weights: the weights themselves, or their index.
 */
export function weightsEntry(names: readonly string[]): string | undefined {
  return [weightsFile, weightsIndexFile].find((name) => names.includes(name));
}

/** The names of a model's files, in a fixed order; or of the first that is missing. */
type ModelFiles = { readonly names: readonly string[] } | { readonly missing: string };

/**
 * Looks for a model's Hugging Face files in a folder.
 * @throws TitlesmithError when the index of its weights is damaged.
 */
export async function findModelFiles(folder: ByteFolder): Promise<ModelFiles> {
  const present = await folder.names().catch((): readonly string[] => []);
  const entry = weightsEntry(present);
  if (entry === undefined) return { missing: weightsFile };
  const shards =
    entry === weightsIndexFile
      ? parseWeightsIndex(await readTextIn(folder, entry), folder.pathOf(entry))
      : [];
  const names = [...descriptionFiles(present), entry, ...shards];
  const missing = names.find((name) => !present.includes(name));
  return missing === undefined ? { names } : { missing };
}

/**
 * SHA-256 over the names and hashes of a model's files, lower-case hexadecimal: the same wherever they lie.
 * @param names in the order of {@link findModelFiles}.
 * @param hashOf SHA-256 of a file, lower-case hexadecimal.
 */
export async function hashModelFiles(
  names: readonly string[],
  hashOf: (name: string) => Promise<string>,
): Promise<string> {
  const hash = new Sha256();
  for (const name of names) hash.update(`${name} ${await hashOf(name)}\n`);
  return hash.hex();
}
