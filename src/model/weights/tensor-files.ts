import { formatShape, type Shape } from '../graph/shape.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { WeightSource } from '../transformer/weight-source.js';
import { damagedCheckpoint } from './open-model.js';
import {
  outputLayer,
  readStored,
  type StoredLayout,
  type StoredTensor,
  storedLayout,
} from './stored-tensors.js';

/** A file of tensors with Hugging Face's names; those of one model are of one kind. */
export interface TensorFile {
  readonly path: string;
  names(): string[];
  shapeOf(name: string): Shape | undefined;
  /** @param into receives the values; if it is shorter than the tensor, only the first ones. */
  read(name: string, shape: Shape, into: Float32Array): Promise<void>;
  /** Whether a tensor has the type and bytes of another in a file. */
  equalsTensor(name: string, otherFile: TensorFile, otherName: string): Promise<boolean>;
  close(): Promise<void>;
}

/** The file that holds a tensor, and the tensor's name there. */
interface Location {
  readonly file: TensorFile;
  readonly storedName: string;
  readonly shape: Shape;
}

class StoredModel implements WeightSource {
  constructor(
    private readonly files: readonly TensorFile[],
    private readonly tensors: StoredLayout['tensors'],
    private readonly locations: ReadonlyMap<string, Location>,
  ) {}

  async read(name: string, into: Float32Array): Promise<void> {
    const tensors = this.tensors.get(name);
    if (!tensors) throw new RangeError(`no parameter ${name}`);
    await readStored(tensors, into, async (tensor, values) => {
      const { file, storedName, shape } = this.locations.get(tensor.name)!;
      await file.read(storedName, shape, values);
    });
  }

  async close(): Promise<void> {
    for (const file of this.files) await file.close();
  }
}

/**
 * The weights in open files, tensors with or without the prefix of their layout. Checks before the first tensor is read
 * that each parameter is there once, with its shape, and that no other tensor is there, which the model would not use.
 * @param configuration of the model.
 * @param describedBy what the configuration comes from, for messages.
 * @throws TitlesmithError naming the tensor that is missing, extra, of another shape, or damaged.
 */
export async function openTensorFiles(
  files: readonly TensorFile[],
  configuration: TransformerConfiguration,
  describedBy: string,
): Promise<WeightSource> {
  const layout = storedLayout(configuration);
  const locations = locateTensors(files, layout, describedBy);
  if (!layout.tensors.has(outputLayer)) await checkOutputLayer(locations, layout);
  return new StoredModel(files, layout.tensors, locations);
}

function locateTensors(
  files: readonly TensorFile[],
  { kind, prefix, constants, tensors }: StoredLayout,
  describedBy: string,
): Map<string, Location> {
  const locations = new Map<string, Location>();
  for (const file of files) {
    for (const storedName of file.names()) {
      const name = storedName.startsWith(prefix) ? storedName.slice(prefix.length) : storedName;
      if (constants.test(name)) continue;
      if (locations.has(name)) throw damagedCheckpoint(file.path, `tensor ${name} is there twice`);
      locations.set(name, { file, storedName, shape: file.shapeOf(storedName)! });
    }
  }
  const needed = new Map(
    [...tensors.values()].flat().map((tensor): [string, StoredTensor] => [tensor.name, tensor]),
  );
  const where = files.map(({ path }) => path).join(', ');
  for (const [name, { shape }] of needed) {
    const found = locations.get(name);
    if (!found) throw damagedCheckpoint(where, `tensor ${name} is missing`);
    if (formatShape(found.shape) !== formatShape(shape)) {
      const shapes = `has shape ${formatShape(found.shape)}, ${describedBy} ask${describedBy === 'config.json' ? 's' : ''} for ${formatShape(shape)}`;
      throw damagedCheckpoint(found.file.path, `tensor ${found.storedName} ${shapes}`);
    }
  }
  const extra = [...locations].filter(([name]) => name !== outputLayer && !needed.has(name));
  const [first] = extra;
  if (first) {
    const [, { file, storedName }] = first;
    const others = extra.length > 1 ? ` (and ${extra.length - 1} more)` : '';
    throw damagedCheckpoint(file.path, `tensor ${storedName} is not part of a ${kind}${others}`);
  }
  return locations;
}

/** Some checkpoints store an output layer that is the token embedding again: the two must be equal. */
async function checkOutputLayer(
  locations: ReadonlyMap<string, Location>,
  { kind, embedding: embeddingName }: StoredLayout,
): Promise<void> {
  const [output, embedding] = [locations.get(outputLayer), locations.get(embeddingName)];
  if (!output || !embedding) return;
  const same =
    formatShape(output.shape) === formatShape(embedding.shape) &&
    (await output.file.equalsTensor(output.storedName, embedding.file, embedding.storedName));
  if (!same) {
    const one = kind === 'GPT-2' ? 'GPT-2 uses one for both' : 'config.json asks for one for both';
    throw damagedCheckpoint(
      output.file.path,
      `tensor ${output.storedName} differs from ${embedding.storedName}, but ${one}`,
    );
  }
}
