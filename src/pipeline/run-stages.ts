import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError, TitlesmithError } from '../common/errors.js';
import { formatPercent, formatPoints } from '../common/number-formats.js';
import { type ProgressListener, scoped } from '../common/progress.js';
import type { RunCounts } from '../common/stage-counts.js';
import { formatDevice } from '../model/engine/device-choice.js';
import {
  checkArgument,
  checkArguments,
  completeContext,
  isText,
  withoutUndefined,
} from '../options/call-arguments.js';
import { commandNames, type StageName, stageNames } from '../options/choices.js';
import { checkOptionsTogether } from '../options/option-rules.js';
import { type RunOptions, rowsOfCommand } from '../options/option-table.js';
import { restoreOptions } from '../options/option-values.js';
import { decideForStage } from './decide/decisions.js';
import { decidedDevice } from './decide/device.js';
import { refuseOwnModel } from './decide/model.js';
import { keepAccepted, putCheckpointAside } from './run/earlier-results.js';
import { recordFiles } from './run/fingerprint.js';
import type { Manifest, StageRecord } from './run/manifest.js';
import { runFiles } from './run/run-files.js';
import { RunFolder } from './run/run-folder.js';
import type { SharedRows } from './run/shared-rows.js';
import {
  assertInputs,
  beginsWithEarlier,
  countsOf,
  fingerprintStage,
  isFinished,
  isUpToDate,
  type RunState,
  runsModel,
} from './stage-fingerprint.js';
import { stageDescriptions } from './stages/registry.js';
import type { StageContext } from './stages/stage.js';
import { runInThread } from './stages/stage-thread.js';

/** A run whose folder is locked. */
interface OpenRun extends RunState {
  readonly folder: RunFolder;
  /** Set when several runs of one call share an extraction. */
  readonly shared?: SharedRows | undefined;
}

/** A run whose requested stages are done. */
export interface FinishedRun {
  readonly status: 'finished';
  readonly name: string;
  /** The run folder. */
  readonly folder: string;
  /** Duration of this call. */
  readonly seconds: number;
  /** The run's options, decisions, and the counts of each stage. */
  readonly manifest: Manifest;
  /** Whether `failOnOverfit` is set and the model overfits. */
  readonly overfits: boolean;
}

/**
 * Runs stages of a run in turn.
 * @throws TitlesmithError when a stage fails; InterruptedError.
 */
export async function runStages(
  stages: readonly StageName[],
  run: OpenRun,
  { onProgress, signal }: StageContext,
): Promise<FinishedRun> {
  const started = performance.now();
  const { folder, options } = run;
  for (const stage of stages) {
    await runStage(stage, run, { onProgress: scoped(onProgress, { stage }), signal });
  }
  const { manifest, path } = folder;
  const overfits = stages.at(-1) === 'report' && failsOnOverfit(options, manifest, onProgress);
  const seconds = (performance.now() - started) / 1000;
  return { status: 'finished', name: manifest.name, folder: path, seconds, manifest, overfits };
}

/** Options that apply to a single call: they are not restored from run.json. */
const singleCallOptions = { overwrite: false, json: false, restoreFrom: undefined } as const;

/**
 * Runs one stage on a run folder, with the recorded options unless overridden. Before `report`, the dedupe stage runs if
 * its judgement is missing or out of date.
 * @throws TitlesmithError when the folder is not a run folder, an earlier stage's files are missing, or the stage fails;
 * InterruptedError.
 */
export async function runSingleStage(
  stage: StageName,
  path: string,
  overrides: Partial<RunOptions> = {},
  given: Partial<StageContext> = {},
): Promise<FinishedRun> {
  const checked = checkStageCall(stage, path, overrides);
  const context = completeContext<StageContext>('runSingleStage', given);
  const onProgress = scoped(context.onProgress, { stage });
  const folder = await RunFolder.open(path, onProgress);
  try {
    const options: RunOptions = {
      ...restoreOptions(folder.manifest.options),
      ...singleCallOptions,
      ...checked,
    };
    checkOptionsTogether(options);
    const decisions = await decideForStage(stage, folder.manifest, options, onProgress);
    await folder.begin(options, decisions);
    const run = { folder, options, decisions };
    if (stage === 'report') await ensureJudgement(run, context);
    return await runStages([stage], run, context);
  } finally {
    folder.close();
  }
}

/** The options of a call. @throws TitlesmithError `usage` when an argument is unknown or wrong. */
function checkStageCall(stage: StageName, path: string, overrides: Partial<RunOptions>): Partial<RunOptions> {
  checkArgument('runSingleStage', 'stage', stage, { type: 'choice', choices: stageNames });
  checkArgument('runSingleStage', 'path', path, isText);
  const command = commandNames.find((name) => name === stage) ?? 'pipeline';
  return withoutUndefined(checkArguments(`runSingleStage of ${stage}`, overrides, rowsOfCommand(command)));
}

/** Whether the options force a stage to start over even when nothing changed. */
function forcesRerun(stage: StageName, { overwrite, restoreFrom }: RunOptions): boolean {
  return overwrite || (stage === 'finetune' && restoreFrom === 'fresh');
}

/**
 * Runs a stage, or skips it if nothing it depends on has changed and its outputs are intact. An interrupted stage is
 * resumed if it can be; otherwise its old outputs are removed first. It is interrupted when another process takes over the
 * run's lock.
 * @param isForced start over even when nothing changed.
 * @throws TitlesmithError when an input is missing or the stage fails; InterruptedError.
 */
async function runStage(
  stage: StageName,
  run: OpenRun,
  context: StageContext,
  isForced = forcesRerun(stage, run.options),
): Promise<void> {
  const { folder, options } = run;
  const { outputs, resumable } = stageDescriptions[stage];
  const { onProgress } = context;
  const signal = AbortSignal.any([context.signal, folder.lost]);
  const note = (message: string): void => onProgress({ kind: 'note', message });
  if (signal.aborted) throw new InterruptedError();
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
  if (!isSameWork) await preserveEarlierResults(stage, run, previous, note);
  if (beginsWithEarlier(stage, options)) fingerprint = await fingerprintStage(stage, run);
  if (!resume) {
    for (const output of outputs) await rm(join(folder.path, output), { recursive: true, force: true });
  }
  await executeStage(stage, run, { fingerprint, resume }, { onProgress, signal });
}

/** Why a stage runs again, for people; undefined for its first run. */
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

/** Sets aside outputs that a stage is about to replace and that later work still needs. */
async function preserveEarlierResults(
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

/** Runs a stage in its thread and records its status, duration and counts in run.json. */
async function executeStage(
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

/**
 * Runs the dedupe stage if judgement.json is missing (as in runs of older versions) or out of date. Decisions made in
 * review do not make it out of date.
 * @throws TitlesmithError when the stage fails; InterruptedError.
 */
export async function ensureJudgement(run: OpenRun, { onProgress, signal }: StageContext): Promise<void> {
  const { path } = run.folder;
  assertInputs('dedupe', path);
  if (await isUpToDate('dedupe', runFiles.judgement, run)) return;
  const isThere = existsSync(join(path, runFiles.judgement));
  const why = isThere ? 'is not of the run as it is now' : 'is not there yet';
  onProgress({ kind: 'note', message: `${runFiles.judgement} ${why}: the dedupe stage runs first` });
  await runStage('dedupe', run, { onProgress: scoped(onProgress, { stage: 'dedupe' }), signal }, true);
}

/**
 * Applies `--fail-on-overfit` to a run whose report is written. An unknown verdict passes with a warning: scheduled runs
 * should not stop because one was small.
 * @returns true if the option is set and the model overfits, which is also reported as a warning.
 */
export function failsOnOverfit(
  { failOnOverfit }: RunOptions,
  manifest: Manifest,
  onProgress: ProgressListener,
): boolean {
  const report = manifest.stages.report?.counts as RunCounts['report'];
  if (!failOnOverfit || report === undefined) return false;
  const reported = scoped(onProgress, { stage: 'report' });
  if (report.verdict === 'unknown') {
    const message = '--fail-on-overfit: too few titles to tell; the run passes.';
    reported({ kind: 'warning', message });
  }
  if (report.verdict !== 'overfits') return false;
  const copies = `${formatPercent(report.copyShare)} of the outputs are copies`;
  const excess = formatPoints(report.excess.share);
  const message =
    `--fail-on-overfit: the model overfits: ${copies}, ${excess} percentage points against held-out titles. ` +
    'The report says what to do.';
  reported({ kind: 'warning', message });
  return true;
}
