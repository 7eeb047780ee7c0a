import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { scoped } from '../common/progress.js';
import { assertInputs, isUpToDate, runStage, type StageRunContext } from './run-stages.js';
import { runFiles } from './stages/descriptions.js';

/**
 * Runs the dedupe stage where judgement.json is not there, as in a run of an older titlesmith, or is not that of the run
 * as it is now. What a person decided in review alone does not make it run.
 * @throws TitlesmithError as the stage; InterruptedError.
 */
export async function ensureJudged(context: StageRunContext): Promise<void> {
  assertInputs('dedupe', context.run.path);
  if (await isUpToDate('dedupe', runFiles.judgement, context)) return;
  const isThere = existsSync(join(context.run.path, runFiles.judgement));
  const why = isThere ? 'is not of the run as it is now' : 'is not there yet';
  context.onProgress({ kind: 'note', message: `${runFiles.judgement} ${why}: the dedupe stage runs first` });
  await runStage('dedupe', { ...context, onProgress: scoped(context.onProgress, { stage: 'dedupe' }) }, true);
}
