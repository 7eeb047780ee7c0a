import { TitlesmithError } from '../common/errors.js';
import { type ContentHash, Sha256 } from '../common/sha256.js';
import { openOptionalIn, type WritableFolder } from '../io/byte-folder.js';
import { formatShape, type Shape } from '../model/graph/shape.js';
import type { Tokenizer } from '../model/tokenizer/tokenizer.js';
import type {
  StateTensor,
  TrainedAdapter,
  TrainingPosition,
  TrainingStorage,
} from '../model/training/training-storage.js';
import type { TransformerConfiguration } from '../model/transformer/configuration.js';
import { adapterBytes, adapterFile, baseIdentity } from '../model/weights/adapter-bytes.js';
import { modelDescription, modelWeights } from '../model/weights/checkpoint-files.js';
import { type StreamedFile, safetensorsFile } from '../model/weights/safetensors-bytes.js';
import { SafetensorsFile } from '../model/weights/safetensors-file.js';

/** Weights, moments and position in one file, so that replacing it commits all of them together. */
const stateFile = 'optimizer.safetensors';
/** The position again, and more about the training, for people and programs; never read back. */
const summaryFile = 'training.json';

/**
 * What a training saves into its checkpoint folder: model.safetensors, config.json, the tokenizer's files, an adapter where there
 * is one, and the state to resume from.
 */
export class TrainingCheckpoint implements Omit<TrainingStorage, 'openMetrics'> {
  /** Of the model that adapters are trained on, once it was asked for. */
  private base: string | undefined;

  /** @param startHash SHA-256, by the fastest code there is. */
  constructor(
    private readonly folder: WritableFolder,
    private readonly startHash: () => ContentHash = () => new Sha256(),
  ) {}

  /** @throws TitlesmithError when the file is damaged, or is of a model of another shape. */
  async loadState(tensors: readonly StateTensor[]): Promise<TrainingPosition | undefined> {
    const source = await openOptionalIn(this.folder, stateFile);
    if (!source) return undefined;
    const file = await SafetensorsFile.open(source);
    try {
      this.checkIsOf(tensors, file);
      for (const { name, shape, data } of tensors) await file.read(name, shape, data);
      return JSON.parse(file.metadata['position'] ?? '') as TrainingPosition;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new TitlesmithError(`${source.name}: it does not say which step it was saved at.`, {
        code: 'checkpoint-damaged',
        hint: 'Train again with --restore-from fresh.',
      });
    } finally {
      await file.close();
    }
  }

  /** @throws TitlesmithError when other tensors are trained than were saved. */
  private checkIsOf(tensors: readonly StateTensor[], file: SafetensorsFile): void {
    const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
    const says = (shape: Shape | undefined): string => (shape ? formatShape(shape) : 'none');
    for (const name of new Set([...shapes.keys(), ...file.names()])) {
      const [own, saved] = [says(shapes.get(name)), says(file.shapeOf(name))];
      if (own === saved) continue;
      throw new TitlesmithError(
        `The training in ${this.folder.name} was begun with a model of another shape: ${name} is ${saved} there, ${own} here.`,
        {
          code: 'training-of-another-model',
          hint: 'Give the model, sizes and adapters that it was begun with, or name another folder.',
        },
      );
    }
  }

  async saveState(
    tensors: readonly StateTensor[],
    position: TrainingPosition,
    summary: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const writable = tensors.map(({ name, shape, data }) => ({ name, shape, values: () => data }));
    await this.write(safetensorsFile(stateFile, writable, { position: JSON.stringify(position) }));
    await this.folder.write(summaryFile, [`${JSON.stringify({ ...position, ...summary }, null, 2)}\n`]);
  }

  async saveDescription(configuration: TransformerConfiguration, tokenizer: Tokenizer): Promise<void> {
    for (const [name, text] of modelDescription(configuration, tokenizer))
      await this.folder.write(name, [text]);
  }

  async saveWeights(
    configuration: TransformerConfiguration,
    valuesOf: (name: string) => Float32Array,
  ): Promise<void> {
    // An adapter beside weights that it is not merged into would be another model.
    await this.folder.remove(adapterFile);
    await this.write(modelWeights(configuration, valuesOf));
  }

  async saveAdapter(adapter: TrainedAdapter): Promise<void> {
    const { configuration, tokenizer, base, specifications, valuesOf } = adapter;
    this.base ??= await baseIdentity(configuration, tokenizer, base, this.startHash());
    await this.write(adapterBytes(this.base, specifications, valuesOf));
  }

  private write({ name, chunks }: StreamedFile): Promise<void> {
    return this.folder.write(name, chunks());
  }
}
