import { EventFile } from './event-file.js';
import { MetricsFile } from './metrics-file.js';
import type { MetricsLine } from './training-options.js';

/** What training measured, for programs (metrics.jsonl) and for TensorBoard. */
export class TrainingLog {
  private constructor(
    private readonly metrics: MetricsFile,
    private readonly events: EventFile | undefined,
  ) {}

  /**
   * Opens or creates the files and cuts off what was written after the last save, so that nothing stands there twice.
   * @param saved what the saved state says; zeros where there is none.
   * @throws TitlesmithError naming the path.
   */
  static async open(
    paths: { readonly metricsPath: string; readonly eventsPath?: string | undefined },
    saved: { readonly step: number; readonly metricsLines: number },
  ): Promise<TrainingLog> {
    const metrics = await MetricsFile.open(paths.metricsPath, saved.metricsLines);
    const { eventsPath } = paths;
    return new TrainingLog(metrics, eventsPath ? await EventFile.open(eventsPath, saved.step) : undefined);
  }

  async append(line: MetricsLine): Promise<void> {
    await this.metrics.append(line);
    await this.events?.append(line);
  }

  /** Flushes to disk. @returns the number of lines of metrics.jsonl. */
  async flush(): Promise<number> {
    await this.events?.flush();
    return this.metrics.flush();
  }

  async close(): Promise<void> {
    await this.events?.close();
    await this.metrics.close();
  }
}
