import { AppendLog } from '../../io/append-log.js';
import { nativeSha256 } from '../../io/atomic-file.js';
import { fileFolder } from '../../io/file-source.js';
import { jsonLines } from '../../io/record-formats.js';
import type {
  MetricsLine,
  MetricsLog,
  TrainingPosition,
  TrainingStorage,
} from '../../model/training/training-storage.js';
import { TrainingCheckpoint } from '../../run/training-checkpoint.js';
import { TensorBoardFile } from './tensorboard-file.js';

export interface TrainingPaths {
  /** Receives model.safetensors, config.json, tokenizer files, and the state to resume from with training.json. */
  readonly checkpointFolder: string;
  readonly metricsPath: string;
  /** TensorBoard event file, whose name must contain `tfevents`; undefined: not written. */
  readonly eventsPath?: string | undefined;
}

/** Training storage in files, each written atomically. On resuming, metrics are truncated to the saved step. */
export class TrainingFiles extends TrainingCheckpoint implements TrainingStorage {
  constructor(private readonly paths: TrainingPaths) {
    super(fileFolder(paths.checkpointFolder), nativeSha256);
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
