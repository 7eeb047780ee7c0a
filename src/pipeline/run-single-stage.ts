import { generatedLines } from '../cli/generated-lines.js';
import type { Interrupt } from '../cli/interrupt.js';
import { overfitGate } from '../cli/overfit-gate.js';
import { summarizeRun } from '../cli/summary.js';
import type { Console } from '../cli/terminal.js';
import { type ExitCode, exitCodes } from '../common/errors.js';
import type { StageName } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import { checkOptionsTogether, restoreOptions } from '../options/options.js';
import { decideDevice, describeDevice } from './decide/device.js';
import { keptModel } from './decide/model.js';
import { decideStart, wishedModel } from './decide/restore-from.js';
import { generateFromModel, namesModel } from './generate-from-model.js';
import { RunFolder } from './run/run-folder.js';
import { runStage } from './run-stages.js';

/**
 * Runs one stage on a run folder, with the options recorded there where they are not given anew. `generate` prints
 * the titles, the others what the run has come to. `generate` takes a model that belongs to no run too.
 * @throws TitlesmithError when the folder is no run folder, an earlier stage's files are missing, or the stage fails.
 */
export async function runSingleStage(
  stage: StageName,
  folder: string,
  given: Partial<RunOptions>,
  console: Console,
  interrupt: Interrupt,
): Promise<ExitCode> {
  if (stage === 'generate' && namesModel(folder)) {
    return generateFromModel(folder, given, console, interrupt);
  }
  const started = performance.now();
  const onProgress = console.listener({ stage });
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
      console.note(describeDevice(decisions['device']), { stage });
    }
    await run.begin(options, decisions);
    const force = options.overwrite || (stage === 'finetune' && options.restoreFrom === 'fresh');
    const context = {
      run,
      runName: run.manifest.name,
      options,
      decisions,
      sourceFingerprint: undefined,
      stopFlag: interrupt.flag,
      stopRequested: interrupt.requested,
      onProgress,
    };
    await runStage(stage, context, force);
    const { lines, data } = await summarizeRun(run.path, run.manifest, (performance.now() - started) / 1000);
    console.result(stage === 'generate' ? await generatedLines(run.path, options.sampleDelim) : lines, data);
    return stage === 'report' ? overfitGate(options, run.manifest, onProgress) : exitCodes.done;
  } finally {
    run.close();
  }
}
