import { join } from 'node:path';
import { readAppendLog } from '../../io/append-log.js';
import { jsonLines } from '../../io/record-formats.js';
import type { TrainingPoint } from '../../report/report-figures.js';
import { runFiles } from './run-files.js';

/** A JSON object a line. */
const metricsLines = jsonLines((value) => value as TrainingPoint);

/** The lines of a run's metrics.jsonl, as training writes it; empty where there is none. @throws TitlesmithError when it cannot be read. */
export function readMetrics(folder: string): Promise<readonly TrainingPoint[]> {
  return readAppendLog(join(folder, runFiles.metrics), metricsLines);
}
