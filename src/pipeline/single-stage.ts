import { scoped, silentContext } from '../common/progress.js';
import type { StageName } from '../options/choices.js';
import { checkOptionsTogether } from '../options/option-rules.js';
import type { RunOptions } from '../options/option-table.js';
import { restoreOptions } from '../options/options.js';
import { decideForStage } from './decide/decisions.js';
import { RunFolder } from './run/run-folder.js';
import { ensureJudged, type FinishedRun, runStages } from './run-stages.js';
import type { StageContext } from './stages/stage.js';

/** Options that hold for the call they are given in, never for a later one. */
const once = { overwrite: false, json: false, restoreFrom: undefined } as const;

/**
 * Runs one stage on a run folder, with the options recorded there where they are not given anew. For `report` the dedupe
 * stage runs before it where its judgement is missing or out of date.
 * @throws TitlesmithError when the folder is no run folder, an earlier stage's files are missing, or the stage fails;
 * InterruptedError.
 */
export async function runSingleStage(
  stage: StageName,
  path: string,
  given: Partial<RunOptions>,
  context: StageContext = silentContext,
): Promise<FinishedRun> {
  const onProgress = scoped(context.onProgress, { stage });
  const folder = await RunFolder.open(path, onProgress);
  try {
    const options: RunOptions = { ...restoreOptions(folder.manifest.options), ...once, ...given };
    checkOptionsTogether(options);
    const decisions = await decideForStage(stage, folder.manifest, options, onProgress);
    await folder.begin(options, decisions);
    const run = { folder, options, decisions };
    if (stage === 'report') await ensureJudged(run, context);
    return await runStages([stage], run, context);
  } finally {
    folder.close();
  }
}
