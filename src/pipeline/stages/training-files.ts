import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import { AppendLog } from '../../io/append-log.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { jsonLines } from '../../io/record-formats.js';
import { formatShape, type Shape } from '../../model/graph/shape.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import type {
  MetricsLine,
  MetricsLog,
  StateTensor,
  TrainedAdapter,
  TrainingPosition,
  TrainingStorage,
} from '../../model/training/training-storage.js';
import type { TransformerConfiguration } from '../../model/transformer/configuration.js';
import { baseIdentity, removeAdapter, writeAdapter } from '../../model/weights/adapter-file.js';
import { writeModelDescription, writeWeights } from '../../model/weights/checkpoint.js';
import { openSafetensors, writeSafetensors } from '../../model/weights/safetensors.js';
import type { SafetensorsFile } from '../../model/weights/safetensors-file.js';
import { TensorBoardFile } from './tensorboard-file.js';

export interface TrainingPaths {
  /** Receives model.safetensors, config.json, tokenizer files, and the state to resume from with training.json. */
  readonly checkpointFolder: string;
  readonly metricsPath: string;
  /** TensorBoard event file, whose name must contain `tfevents`; undefined: not written. */
  readonly eventsPath?: string | undefined;
}

/** Training storage in files, each written atomically. On resuming, metrics are truncated to the saved step. */
export class TrainingFiles implements TrainingStorage {
  private readonly folder: string;
  /** Weights, moments and position in one file, so that one rename commits all of them together. */
  private readonly statePath: string;
  /** Of the model that adapters are trained on, once it was asked for. */
  private base: string | undefined;

  constructor(private readonly paths: TrainingPaths) {
    this.folder = paths.checkpointFolder;
    this.statePath = join(this.folder, 'optimizer.safetensors');
  }

  /** @throws TitlesmithError when the file is damaged, or is of a model of another shape. */
  async loadState(tensors: readonly StateTensor[]): Promise<TrainingPosition | undefined> {
    if (!existsSync(this.statePath)) return undefined;
    const file = await openSafetensors(this.statePath);
    try {
      this.checkIsOf(tensors, file);
      for (const { name, shape, data } of tensors) await file.read(name, shape, data);
      return JSON.parse(file.metadata['position'] ?? '') as TrainingPosition;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new TitlesmithError(`${this.statePath}: it does not say which step it was saved at.`, {
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
        `The training in ${this.folder} was begun with a model of another shape: ${name} is ${saved} there, ${own} here.`,
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
    await writeSafetensors(this.statePath, writable, { position: JSON.stringify(position) });
    const content = `${JSON.stringify({ ...position, ...summary }, null, 2)}\n`;
    await writeFileAtomic(join(this.folder, 'training.json'), content);
  }

  saveDescription(configuration: TransformerConfiguration, tokenizer: Tokenizer): Promise<void> {
    return writeModelDescription(this.folder, configuration, tokenizer);
  }

  async saveWeights(
    configuration: TransformerConfiguration,
    valuesOf: (name: string) => Float32Array,
  ): Promise<void> {
    // An adapter beside weights that it is not merged into would be another model.
    await removeAdapter(this.folder);
    await writeWeights(this.folder, configuration, valuesOf);
  }

  async saveAdapter(adapter: TrainedAdapter): Promise<void> {
    const { configuration, tokenizer, base, specifications, valuesOf } = adapter;
    this.base ??= await baseIdentity(configuration, tokenizer, base);
    await writeAdapter(this.folder, this.base, specifications, valuesOf);
  }

  async openMetrics({
    step,
    metricsLines,
  }: Pick<TrainingPosition, 'step' | 'metricsLines'>): Promise<MetricsLog> {
    const { metricsPath, eventsPath } = this.paths;
    const format = jsonLines((value) => value as MetricsLine);
    const metrics = await AppendLog.open(metricsPath, format, (_, index) => index < metricsLines);
    const events = eventsPath === undefined ? undefined : await TensorBoardFile.open(eventsPath, step);
    let lines = metrics.opened.length;
    return {
      append: async (line) => {
        await metrics.append(line);
        lines++;
        await events?.append(line);
      },
      flush: async () => {
        await events?.flush();
        await metrics.flush();
        return lines;
      },
      close: async () => {
        await events?.close();
        await metrics.close();
      },
    };
  }
}
