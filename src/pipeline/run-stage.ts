import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError, TitlesmithError } from '../common/errors.js';
import { formatDevice } from '../model/engine/device-names.js';
import type { StageName } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import { decidedDevice } from './decide/device.js';
import { refuseOwnModel } from './decide/model.js';
import { keepAccepted, putCheckpointAside } from './run/earlier-results.js';
import { recordFiles } from './run/fingerprint.js';
import type { StageRecord } from './run/manifest.js';
import { runFiles } from './run/run-files.js';
import type { RunFolder } from './run/run-folder.js';
import type { SharedRows } from './run/shared-rows.js';
import {
  assertInputs,
  beginsWithEarlier,
  countsOf,
  fingerprintStage,
  isFinished,
  type RunState,
  runsModel,
} from './stage-fingerprint.js';
import { stageDescriptions } from './stages/registry.js';
import type { StageContext } from './stages/stage.js';
import { runInThread } from './stages/stage-thread.js';

/** A run that is worked on: its folder is locked. */
export interface OpenRun extends RunState {
  readonly folder: RunFolder;
  /** Where several runs of one call ask one source together. */
  readonly shared?: SharedRows | undefined;
}

/** Whether the options ask for a stage even when nothing changed, from the start. */
function isAskedAnew(stage: StageName, { overwrite, restoreFrom }: RunOptions): boolean {
  return overwrite || (stage === 'finetune' && restoreFrom === 'fresh');
}

/**
 * Runs a stage, or skips it when nothing it depends on changed and its files are as it left them. An interrupted
 * stage that can go on does; leftovers of other options or inputs are removed first.
 * @param isForced runs it even when nothing changed, from the start.
 * @throws TitlesmithError when a file it reads is missing, or it fails; InterruptedError.
 */
export async function runStage(
  stage: StageName,
  run: OpenRun,
  context: StageContext,
  isForced = isAskedAnew(stage, run.options),
): Promise<void> {
  const { folder, options } = run;
  const { outputs, resumable } = stageDescriptions[stage];
  const note = (message: string): void => context.onProgress({ kind: 'note', message });
  if (context.signal.aborted) throw new InterruptedError();
  assertInputs(stage, folder.path);
  let fingerprint = await fingerprintStage(stage, run);
  const previous = folder.manifest.stages[stage];
  if (!isForced && (await isFinished(folder.path, previous, fingerprint))) {
    note('skipped: nothing it depends on has changed');
    return;
  }
  const isSameWork = previous?.fingerprint === fingerprint && previous.status !== 'done';
  const resume = resumable && isSameWork && !isForced;
  const reason = isForced ? undefined : reasonToRun(previous, fingerprint, resume);
  if (reason) note(reason);
  if (stage === 'finetune' && !resume) refuseOwnModel(folder.path, run.decisions.model);
  if (!isSameWork) await keepForLater(stage, run, previous, note);
  if (beginsWithEarlier(stage, options)) fingerprint = await fingerprintStage(stage, run);
  if (!resume) {
    for (const output of outputs) await rm(join(folder.path, output), { recursive: true, force: true });
  }
  await perform(stage, run, { fingerprint, resume }, context);
}

/** Why a stage runs, in words for people; undefined for its first time. */
function reasonToRun(
  record: StageRecord | undefined,
  fingerprint: string,
  resume: boolean,
): string | undefined {
  if (!record) return undefined;
  if (resume) return 'going on where it stopped';
  if (record.fingerprint !== fingerprint) return 'its options or inputs changed';
  if (record.status === 'done') return 'its files were changed or removed';
  return 'it did not finish';
}

/** Puts aside what a stage is about to replace, where later work needs it. */
async function keepForLater(
  stage: StageName,
  { folder, options }: OpenRun,
  previous: StageRecord | undefined,
  note: (message: string) => void,
): Promise<void> {
  if (stage === 'generate' && options.addMonths && folder.manifest.stages.dedupe?.status === 'done') {
    await keepAccepted(folder.path);
  }
  if (stage !== 'finetune') return;
  if (!beginsWithEarlier(stage, options)) {
    await rm(join(folder.path, runFiles.earlierCheckpoint), { recursive: true, force: true });
  } else if (previous && (await putCheckpointAside(folder.path, previous))) {
    note('training begins with the last checkpoint');
  }
}

/** Does a stage's work in its thread, and records how it went. */
async function perform(
  stage: StageName,
  { folder, options, decisions, shared }: OpenRun,
  { fingerprint, resume }: { readonly fingerprint: string; readonly resume: boolean },
  context: StageContext,
): Promise<void> {
  const { manifest, path } = folder;
  const { outputs, usesCountsOf } = stageDescriptions[stage];
  const earlierSeconds = resume ? (manifest.stages[stage]?.seconds ?? 0) : 0;
  const started = performance.now();
  const seconds = (): number => Math.round(earlierSeconds * 1000 + performance.now() - started) / 1000;
  const device = runsModel(stage) ? { device: formatDevice(decidedDevice(decisions.device)) } : {};
  const base = { startedAt: new Date().toISOString(), fingerprint, ...device };
  await folder.recordStage(stage, { ...base, status: 'running', seconds: earlierSeconds });
  const counts = countsOf(manifest, usesCountsOf);
  try {
    const job = { stage, folder: path, runName: manifest.name, options, decisions, counts, shared, resume };
    const counted = await runInThread(job, context);
    const written = await recordFiles(path, outputs);
    await folder.recordStage(stage, {
      ...base,
      status: 'done',
      seconds: seconds(),
      counts: counted,
      outputs: written,
    });
  } catch (error) {
    const status = error instanceof InterruptedError ? 'interrupted' : 'failed';
    const message = error instanceof TitlesmithError ? error.toLine() : String(error);
    await folder.recordStage(stage, { ...base, status, seconds: seconds(), error: message });
    throw error;
  }
}
