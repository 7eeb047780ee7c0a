import { InterruptedError, TitlesmithError } from '../common/errors.js';
import { trainingBehind } from '../common/stage-counts.js';
import type { StageName } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import type { DecidedOptions } from '../run/decided-options.js';
import type { GenerateRequest } from '../run/generation-plan.js';
import { requestsWith } from '../run/generation-plan.js';
import { finishedRecord, type StageRecord } from '../run/manifest.js';
import { stageDescriptions } from '../run/stage-descriptions.js';
import { countsOf, recordedFacts } from '../run/stage-fingerprint.js';
import { usableRunCounts } from '../run/usable-counts.js';
import { recordFiles } from './run/fingerprint.js';
import type { RunFolder } from './run/run-folder.js';
import type { SharedRows } from './run/shared-rows.js';
import { beginWork, discardUnfinished, preparationFolderOf, workFolderOf } from './run/stage-swap.js';
import type { RunState, StageWork } from './stage-work.js';
import type { StageContext, StageJob } from './stages/stage.js';
import { runInThread } from './stages/stage-thread.js';

/** A run whose folder is locked. */
export interface OpenRun extends RunState {
  readonly folder: RunFolder;
  /** Set when several runs of one call share an extraction. */
  readonly shared?: SharedRows | undefined;
  /** The options that were given, where a stage runs on its own. */
  readonly given?: Partial<RunOptions> | undefined;
}

/** What a stage is to do. */
export interface StageTask {
  readonly work: StageWork;
  /** The options its result depends on; for the generate stage, with the texts that are requested. */
  readonly options: DecidedOptions;
  /** It starts over although nothing may have changed. */
  readonly isForced: boolean;
  /** It goes on with what an interrupted process left. */
  readonly resume: boolean;
  /** The last time it was done, if that is intact and was made of the same inputs. */
  readonly finished: StageRecord | undefined;
  readonly generation?: { readonly request: GenerateRequest; readonly prefixes: number };
}

/**
 * Runs a stage in its thread. Nothing is written before the stage has begun, that is, while it may still refuse its options
 * or inputs. Its outputs take the place of earlier ones when it has succeeded; one that fails or is stopped leaves its
 * work in a folder of its own, if it can go on with it, and its status in run.json.
 * @param onBegun called once the stage has begun.
 * @throws TitlesmithError when the stage fails; InterruptedError.
 */
export async function executeStage(
  stage: StageName,
  run: OpenRun,
  task: StageTask,
  context: StageContext,
  onBegun: () => void = () => {},
): Promise<void> {
  const { folder } = run;
  const { path } = folder;
  const before = task.resume ? (folder.manifest.stages[stage]?.seconds ?? 0) : 0;
  const started = performance.now();
  const seconds = (): number => Math.round(before * 1000 + performance.now() - started) / 1000;
  const record = describeRecord(task);
  let [ownsWork, isRecorded] = [false, false];
  const onBegin = async (): Promise<void> => {
    ownsWork = true;
    await beginWork(path, stage, task.resume);
    const forced = task.isForced ? { forced: true as const } : {};
    const begun = {
      ...record,
      options: task.options,
      ...forced,
      status: 'running',
      seconds: before,
    } as const;
    await folder.beginStage(stage, begun, run);
    isRecorded = true;
    onBegun();
  };
  try {
    await discardUnfinished(path, stage);
    const counts = await runInThread(describeJob(stage, run, task, context), context, onBegin);
    const { outputs, history } = stageDescriptions[stage];
    const written = await recordFiles(workFolderOf(path, stage), [...outputs, ...history]);
    const startsOver = isStartingOver(run);
    const isWritten = (name: string): boolean =>
      Object.keys(written).some((file) => file === name || file.startsWith(`${name}/`));
    const isReplaced = (name: string): boolean => startsOver || isWritten(name);
    const { startedOver = [] } = folder.manifest;
    await folder.finishStage(stage, {
      record: {
        ...record,
        ...resultsOf(task, folder.lock.holder),
        status: 'done',
        seconds: seconds(),
        counts,
        outputs: written,
      },
      // What one call adds does not change what the run's titles are made with.
      call: run.given && isAddition(task) ? undefined : run,
      replaces: [...outputs, ...history.filter(isReplaced)],
      startedOver: startsOver ? [...startedOver, stage] : undefined,
    });
  } catch (error) {
    if (isRecorded) await recordEnd(stage, folder, seconds(), error);
    const isOfUse = task.resume || (isRecorded && stageDescriptions[stage].resumable);
    // The error of the stage matters more than one of tidying up.
    await discardUnfinished(path, stage, ownsWork && !isOfUse).catch(() => {});
    throw error;
  }
}

/** Whether a call starts a run over: a pipeline with --overwrite. */
function isStartingOver({ given, options }: OpenRun): boolean {
  return given === undefined && options.overwrite;
}

function isAddition({ generation }: StageTask): boolean {
  return generation !== undefined && generation.request.first > 0;
}

/** What is recorded of a stage from its beginning on. */
function describeRecord({
  work,
}: StageTask): Pick<StageRecord, 'startedAt' | 'fingerprint' | 'inputs' | 'device' | 'begin'> {
  const { fingerprint, inputs, device, begins } = work;
  return {
    startedAt: new Date().toISOString(),
    fingerprint,
    inputs,
    ...(device === undefined ? {} : { device }),
    ...(begins.checkpoint === undefined ? {} : { begin: begins.checkpoint }),
  };
}

/** What is recorded of a stage that is done. */
function resultsOf(task: StageTask, holder: string): Pick<StageRecord, 'options' | 'requests' | 'holder'> {
  const { work, finished, generation } = task;
  if (!generation) return { options: work.options };
  const { request, prefixes } = generation;
  return {
    options: isAddition(task) ? (finished?.options ?? {}) : work.options,
    requests: requestsWith(request, { finished, options: work.options, prefixes }),
    holder,
  };
}

function describeJob(
  stage: StageName,
  run: OpenRun,
  { work, resume, generation }: StageTask,
  { onProgress }: StageContext,
): StageJob {
  const { folder, options, decisions, shared } = run;
  const { path, manifest } = folder;
  const { withLatest, checkpoint } = work.begins;
  if (withLatest) {
    const model = `${decisions.model?.choice ?? 'nano'}, as there is no checkpoint yet`;
    const message = `training begins with ${checkpoint === undefined ? model : 'the last checkpoint'}`;
    onProgress({ kind: 'note', message });
  }
  const behind = usableRunCounts({ finetune: finishedRecord(manifest, 'finetune')?.counts }).finetune;
  return {
    stage,
    folder: path,
    work: workFolderOf(path, stage),
    preparation: preparationFolderOf(path, stage),
    runName: manifest.name,
    options,
    decisions,
    recorded: stage === 'report' ? recordedFacts(manifest) : undefined,
    counts: countsOf(manifest, stageDescriptions[stage].usesCountsOf),
    shared,
    resume,
    beginsWithCheckpoint: checkpoint !== undefined,
    trainingBehind: checkpoint !== undefined && behind !== undefined ? trainingBehind(behind) : undefined,
    startOver: isStartingOver(run),
    request: generation?.request,
  };
}

/** Records that a stage failed or was stopped. Where even that cannot be written, the error of the stage matters more. */
async function recordEnd(
  stage: StageName,
  folder: RunFolder,
  seconds: number,
  error: unknown,
): Promise<void> {
  const status = error instanceof InterruptedError ? 'interrupted' : 'failed';
  const message = error instanceof TitlesmithError ? error.toLine() : String(error);
  await folder.endStage(stage, { status, seconds, error: message }).catch(() => {});
}
