import { scoped, silentContext } from '../common/progress.js';
import type { StageName } from '../options/choices.js';
import { checkOptionsTogether } from '../options/option-rules.js';
import type { RunOptions } from '../options/option-table.js';
import { restoreOptions } from '../options/options.js';
import { decideDevice, describeDevice } from './decide/device.js';
import { keptModel } from './decide/model.js';
import { decideStart, wishedModel } from './decide/restore-from.js';
import { refusesOverfit } from './overfit-gate.js';
import { RunFolder } from './run/run-folder.js';
import type { FinishedRun, StageContext } from './run-result.js';
import { runStage } from './run-stages.js';

/**
 * Runs one stage on a run folder, with the options recorded there where they are not given anew.
 * @throws TitlesmithError when the folder is no run folder, an earlier stage's files are missing, or the stage fails;
 * InterruptedError.
 */
export async function runSingleStage(
  stage: StageName,
  folder: string,
  given: Partial<RunOptions>,
  context: StageContext = silentContext,
): Promise<FinishedRun> {
  const started = performance.now();
  const { signal } = context;
  const onProgress = scoped(context.onProgress, { stage });
  const run = await RunFolder.open(folder, onProgress);
  try {
    const once = { overwrite: false, json: false, restoreFrom: undefined } as const;
    const options: RunOptions = { ...restoreOptions(run.manifest.options), ...once, ...given };
    checkOptionsTogether(options);
    const decisions = { ...run.manifest.decisions };
    if (stage === 'finetune') {
      const source = decisions['source']?.choice;
      const decided = await decideStart(options, onProgress, source);
      decisions['model'] = keptModel(run.manifest, wishedModel(options), decided);
    }
    if (stage === 'finetune' || stage === 'generate') {
      const { mixedPrecision, precision, ...anyStage } = options;
      const asked = stage === 'finetune' ? { mixedPrecision } : { precision };
      decisions['device'] = await decideDevice({ ...anyStage, ...asked });
      onProgress({ kind: 'note', message: describeDevice(decisions['device']) });
    }
    await run.begin(options, decisions);
    const force = options.overwrite || (stage === 'finetune' && options.restoreFrom === 'fresh');
    const { name: runName } = run.manifest;
    const sourceFingerprint = undefined;
    await runStage(stage, { run, runName, options, decisions, sourceFingerprint, signal, onProgress }, force);
    const { manifest } = run;
    const overfits = stage === 'report' && refusesOverfit(options, manifest, onProgress);
    const seconds = (performance.now() - started) / 1000;
    return { status: 'finished', name: runName, folder: run.path, seconds, manifest, overfits };
  } finally {
    run.close();
  }
}
