import type {
  MetricsLine,
  MetricsLog,
  TrainingPosition,
  TrainingStorage,
} from '../../model/training/training-storage.js';
import { runFiles } from '../../run/run-files.js';
import { TrainingCheckpoint } from '../../run/training-checkpoint.js';
import type { FileStore } from '../storage/file-store.js';
import { readTextOf, storedFolder } from '../storage/stored-text.js';

/** Training storage in a store of files: the same files, by the same names, as titlesmith on Node writes. */
export class TrainingStore extends TrainingCheckpoint implements TrainingStorage {
  /** @param onMetrics told each line as it is measured. */
  constructor(
    private readonly files: FileStore,
    private readonly onMetrics: (line: MetricsLine) => void,
  ) {
    super(storedFolder(files, runFiles.checkpoint));
  }

  /** Lines are written with each save, which is all that a training that goes on needs of them. */
  async openMetrics({ metricsLines }: Pick<TrainingPosition, 'metricsLines'>): Promise<MetricsLog> {
    const { files, onMetrics } = this;
    const earlier = (await readTextOf(files, runFiles.metrics)) ?? '';
    const lines = earlier.split('\n').slice(0, metricsLines);
    return {
      append: async (line) => {
        lines.push(JSON.stringify(line));
        onMetrics(line);
      },
      flush: async () => {
        await files.write(runFiles.metrics, [lines.map((line) => `${line}\n`).join('')]);
        return lines.length;
      },
      close: async () => {},
    };
  }
}
