import { join } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import { readAppendLog } from '../../io/append-log.js';
import { jsonLines } from '../../io/record-formats.js';
import type { TrainingPoint } from '../../report/report-figures.js';
import { runFiles } from '../../run/run-files.js';

function isPoint(value: unknown): value is TrainingPoint {
  if (typeof value !== 'object' || value === null) return false;
  const { step } = value as Partial<TrainingPoint>;
  return Number.isSafeInteger(step) && step! >= 0;
}

/**
 * The lines of a run's metrics.jsonl, as training writes it; empty where there is none.
 * @throws TitlesmithError when it cannot be read, or naming the line that is none of training's.
 */
export function readMetrics(folder: string): Promise<readonly TrainingPoint[]> {
  const path = join(folder, runFiles.metrics);
  const lines = jsonLines((value, number) => {
    if (isPoint(value)) return value;
    throw new TitlesmithError(`${path}:${number} is damaged: it is no JSON object with a step.`, {
      code: 'metrics-damaged',
      hint: 'Train again with titlesmith finetune, or take the line out.',
    });
  });
  return readAppendLog(path, lines);
}
