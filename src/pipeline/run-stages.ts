import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InterruptedError, usageError } from '../common/errors.js';
import { scoped } from '../common/progress.js';
import {
  checkArgument,
  checkArguments,
  completeContext,
  isText,
  withoutUndefined,
} from '../options/call-arguments.js';
import { commandNames, type StageName, stageNames } from '../options/choices.js';
import { checkOptionsTogether, namesCheckpoint, scratchName } from '../options/option-rules.js';
import { type RunOptions, rowsOfCommand } from '../options/option-table.js';
import { flagOf, restoreOptions } from '../options/option-values.js';
import { sizeOptions } from '../options/table/model.js';
import { checkReplacement, planGeneration } from '../run/generation-plan.js';
import { hashValue } from '../run/hash-value.js';
import { finishedRecord, type Manifest, type StageRecord } from '../run/manifest.js';
import { restoreStageOptions } from '../run/recorded-options.js';
import { runFiles } from '../run/run-files.js';
import { stageDescriptions } from '../run/stage-descriptions.js';
import { decideForStage } from './decide/decisions.js';
import { withOwnCheckpoint } from './decide/model.js';
import { finishedWork } from './earlier-records.js';
import { executeStage, type OpenRun, type StageTask } from './execute-stage.js';
import { failsOnOverfit } from './overfit-gate.js';
import { filesAreUnchanged } from './run/fingerprint.js';
import { RunFolder } from './run/run-folder.js';
import { workFolderOf } from './run/stage-swap.js';
import { describeStale, staleStages } from './run/stale-stages.js';
import {
  assertInputs,
  changedOptions,
  describeWork,
  isSameBase,
  isSameWork,
  isUpToDate,
  type StageWork,
} from './stage-work.js';
import { readPrefixes } from './stages/prefix-file.js';
import type { StageContext } from './stages/stage.js';

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
  /** Whether `failOnOverfit` or `failOn` refuses the verdict. */
  readonly overfits: boolean;
  /** Stages that this call left with results of files that have been replaced. */
  readonly stale: readonly StageName[];
  /** Index of the first text that this call generated; undefined if it generated none. */
  readonly firstNewText: number | undefined;
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
  const { folder, options, given } = run;
  let firstNewText: number | undefined;
  for (const stage of stages) {
    const done = await runStage(stage, run, { onProgress: scoped(onProgress, { stage }), signal });
    if (done?.generation) firstNewText = done.generation.request.first;
  }
  if (given === undefined) await folder.endStartingOver();
  const { manifest, path } = folder;
  const overfits = stages.at(-1) === 'report' && failsOnOverfit(options, manifest, onProgress);
  const seconds = (performance.now() - started) / 1000;
  const { name } = manifest;
  const stale = staleStages(manifest);
  if (stale.length > 0) onProgress({ kind: 'note', message: describeStale(stale, path) });
  return { status: 'finished', name, folder: path, seconds, manifest, overfits, stale, firstNewText };
}

/**
 * Runs one stage on a run folder, with the options it was last run with unless overridden. Before `report`, the dedupe
 * stage runs if its judgement is missing or out of date.
 * @throws TitlesmithError when the folder is not a run folder, an earlier stage's files are missing, or the stage fails;
 * InterruptedError.
 */
export async function runSingleStage(
  stage: StageName,
  path: string,
  overrides: Partial<RunOptions> = {},
  givenContext: Partial<StageContext> = {},
): Promise<FinishedRun> {
  const given = checkStageCall(stage, path, overrides);
  const context = completeContext<StageContext>('runSingleStage', givenContext);
  const onProgress = scoped(context.onProgress, { stage });
  const folder = await RunFolder.open(path, onProgress);
  try {
    const recorded = restoreStageOptions(folder.manifest, stage);
    const requested: RunOptions = {
      ...recorded,
      ...(hasOwnSizes(given) ? noSizes : {}),
      ...(given.semantic === false ? noMeanings : {}),
      ...(given.bestOf === 1 ? noRank : {}),
      ...given,
    };
    checkOptionsTogether(requested);
    const options = stage === 'finetune' ? withOwnCheckpoint(path, requested) : requested;
    if (stage !== 'report') assertInputs(stage, path);
    const decisions = await decideForStage(stage, folder.manifest, options, { ...context, onProgress });
    const run = { folder, options, decisions, given };
    if (stage === 'report') await ensureJudgement(run, context);
    return await runStages([stage], run, context);
  } finally {
    await folder.close();
  }
}

/** Sizes that a run was trained with are no sizes of another model that a call names. */
const noSizes = Object.fromEntries(Object.keys(sizeOptions).map((name) => [name, undefined]));
/** What is recorded of --semantic has no use without it. */
const noMeanings = { semanticModel: undefined, semanticThreshold: undefined };
/** What candidates were ranked by has no use where there is one. */
const noRank = { rank: undefined };
const hasOwnSizes = ({ model, restoreFrom }: Partial<RunOptions>): boolean =>
  (model !== undefined && model !== scratchName) || namesCheckpoint(restoreFrom);

/** The options of a call. @throws TitlesmithError `usage` when an argument is unknown or wrong. */
function checkStageCall(stage: StageName, path: string, overrides: Partial<RunOptions>): Partial<RunOptions> {
  checkArgument('runSingleStage', 'stage', stage, { type: 'choice', choices: stageNames });
  checkArgument('runSingleStage', 'path', path, isText);
  const command = commandNames.find((name) => name === stage) ?? 'pipeline';
  const given = withoutUndefined(
    checkArguments(`runSingleStage of ${stage}`, overrides, rowsOfCommand(command)),
  ) as Partial<RunOptions>;
  if (given.printOnly)
    throw usageError('--print-only leaves the run as it is, and a stage changes it.', 'Leave it out.');
  return given;
}

/**
 * Whether a stage is to run even if nothing has changed. A `pipeline --overwrite` that was cut short does not repeat the
 * stages it has done.
 */
function isForcedToRun(stage: StageName, { options, given, folder }: OpenRun): boolean {
  const { overwrite, restoreFrom } = options;
  const hasStartedOver = given === undefined && folder.manifest.startedOver?.includes(stage);
  return (overwrite && !hasStartedOver) || (stage === 'finetune' && restoreFrom === 'fresh');
}

/**
 * Runs a stage, or skips it if nothing it depends on has changed and its outputs are intact. An interrupted stage is
 * resumed if it can be. It is interrupted when another process takes over the run's lock.
 * @param force run it even when nothing has changed.
 * @returns what it did; undefined if it was skipped.
 * @throws TitlesmithError when an input is missing or the stage fails; InterruptedError.
 */
async function runStage(
  stage: StageName,
  call: OpenRun,
  { onProgress, signal }: StageContext,
  force = false,
): Promise<StageTask | undefined> {
  const stop = AbortSignal.any([signal, call.folder.lost]);
  if (stop.aborted) throw new InterruptedError();
  // The report shows what the run's results were made with, which need not be what this call asks for.
  const run = stage === 'report' ? withRecordedOptions(call) : call;
  const task = await planStage(stage, run, force || isForcedToRun(stage, run));
  const { manifest } = run.folder;
  const note = (message: string): void => onProgress({ kind: 'note', message });
  if (task === undefined) {
    const isBegun = manifest.stages[stage]?.status !== 'done';
    const unfinished = `; what it did of another request is in ${workFolderOf(run.folder.path, stage)}`;
    note(`skipped: ${whyNothingToDo(stage, run)}${isBegun ? unfinished : ''}`);
    return undefined;
  }
  const reason = reasonToRun(manifest.stages[stage], finishedRecord(manifest, stage), task, run.folder.path);
  const announce = (): void => {
    const isAdded = call.given !== undefined && (task.generation?.request.first ?? 0) > 0;
    if (reason) note(isAdded ? `${reason}; --print-only would leave the run as it is` : reason);
    if (stage === 'finetune' && replacesModel(task))
      note(
        'the model is trained anew and replaced; --restore-from latest trains the one that is there further',
      );
  };
  // What becomes of the texts that are there is said once nothing is left that could be refused.
  const isLate = task.generation !== undefined;
  if (!isLate) announce();
  await executeStage(stage, run, task, { onProgress, signal: stop }, isLate ? announce : undefined);
  return task;
}

function withRecordedOptions(run: OpenRun): OpenRun {
  const { options, decisions } = run.folder.manifest;
  const { overwrite, failOnOverfit, failOn } = run.options;
  return { ...run, options: { ...restoreOptions(options), overwrite, failOnOverfit, failOn }, decisions };
}

/** What a stage is to do; undefined if that is done. @throws TitlesmithError when an input is missing or cannot be read. */
async function planStage(stage: StageName, run: OpenRun, isForced: boolean): Promise<StageTask | undefined> {
  const { folder, options, given } = run;
  const { path } = folder;
  assertInputs(stage, path);
  const work = await describeWork(stage, run);
  const last = await finishedWork(stage, run);
  const mayStand = !isForced && last !== undefined && isSameBase(last, work);
  const finished = mayStand && (await filesAreUnchanged(path, last.outputs ?? {})) ? last : undefined;
  const task = { work, finished, isForced, options: work.options, resume: false };
  if (stage !== 'generate') {
    if (!isForced && (await keepsFurtherTraining(run, { last, work }))) return undefined;
    if (finished && isSameWork(finished, work) && !asksForFurtherSteps(stage, run)) return undefined;
    return { ...task, resume: canResume(stage, folder, task) };
  }
  const file = join(path, runFiles.generated);
  if (last && !isForced && !finished && existsSync(file)) {
    checkReplacement({ last, file, why: whyReplaced(last, work) }, { options: work.options, given });
  }
  const { nsamples } = options;
  const prefixes = (await readPrefixes(options))?.length ?? 1;
  const { takenFrom } = folder.lock;
  const request = planGeneration({ ...task, nsamples, prefixes, given, takenFrom });
  if (request === undefined) return undefined;
  const requested = { ...task, options: { ...work.options, ...request }, generation: { request, prefixes } };
  return { ...requested, resume: canResume(stage, folder, requested) };
}

/** Whether a model was trained further from its own checkpoint: no training from its beginning gives it again. */
const isTrainedFurther = (last: StageRecord | undefined): last is StageRecord => last?.begin !== undefined;

/** Whether a call of the finetune command alone names how many steps to make from the last checkpoint. */
function asksForFurtherSteps(stage: StageName, { given }: OpenRun): boolean {
  const { restoreFrom, steps, maxEpochs } = given ?? {};
  return stage === 'finetune' && restoreFrom === 'latest' && (steps !== undefined || maxEpochs !== undefined);
}

/** Why a stage has nothing to do, for people. */
function whyNothingToDo(stage: StageName, { folder, options }: OpenRun): string {
  if (stage !== 'finetune') return 'nothing it depends on has changed';
  const { name } = folder.manifest;
  if (options.restoreFrom === 'latest')
    return `nothing it depends on has changed; titlesmith finetune ${name} --restore-from latest --steps N trains N steps further`;
  return isTrainedFurther(finishedRecord(folder.manifest, stage))
    ? 'the model was trained further with --restore-from latest, and stays; --restore-from fresh trains anew'
    : 'nothing it depends on has changed';
}

/**
 * Whether a call that does not say where training begins leaves the model as it is, because it was trained further: a training
 * anew would replace what took more.
 * @throws TitlesmithError `usage` when the call asks for another training, or the titles are others.
 */
async function keepsFurtherTraining(
  { folder, given }: OpenRun,
  { last, work }: { readonly last: StageRecord | undefined; readonly work: StageWork },
): Promise<boolean> {
  if (!isTrainedFurther(last) || work.begins.withLatest) return false;
  if (!(await filesAreUnchanged(folder.path, last.outputs ?? {}))) return false;
  const asked = changedOptions(last, work.options).filter((name) => given !== undefined && name in given);
  const why =
    asked.length > 0
      ? `asks for another training (${asked.map(flagOf).join(', ')})`
      : hashValue(last.inputs) === hashValue(work.inputs)
        ? undefined
        : 'has other titles now';
  if (why === undefined) return true;
  throw usageError(
    `The model of ${folder.manifest.name} was trained further with --restore-from latest, and this call ${why}.`,
    '--restore-from latest trains it further, --restore-from fresh trains anew and replaces it.',
  );
}

/** Why titles that were generated cannot be added to, for people. */
function whyReplaced(last: StageRecord, work: StageWork): string {
  if (isSameBase(last, work)) return 'were changed since they were generated';
  const isSameModel = hashValue(last.inputs) === hashValue(work.inputs);
  return isSameModel
    ? 'were generated on another device, or by another version of titlesmith'
    : 'are of a model that has been replaced since';
}

/** Whether an unfinished stage has left work that a task can go on with. */
function canResume(stage: StageName, { manifest, path }: RunFolder, task: StageTask): boolean {
  const record = manifest.stages[stage];
  if (!stageDescriptions[stage].resumable || record === undefined || record.status === 'done') return false;
  const isSameTask =
    isSameWork(record, task.work, task.options) && (record.forced === true) === task.isForced;
  return isSameTask && existsSync(workFolderOf(path, stage));
}

/** Whether a training begins from its beginning though there is a model of the same titles. */
const replacesModel = ({ finished, resume, isForced, work }: StageTask): boolean =>
  finished !== undefined && !resume && !isForced && !work.begins.withLatest;

const endsByItself = new Set(['patience', 'maxEpochs', 'minimumSteps', 'minimumStepsEpochs']);

/**
 * Why a stage runs again, for people; undefined for its first run.
 * @param record the last time it ran. @param last the last time it was done. @param path the run folder.
 */
function reasonToRun(
  record: StageRecord | undefined,
  last: StageRecord | undefined,
  { work, options, finished, isForced, resume, generation }: StageTask,
  path: string,
): string | undefined {
  if (!record) return undefined;
  if (resume) return 'going on where it stopped';
  if (isForced) return undefined;
  if (last === undefined) {
    return isSameWork(record, work, options) ? 'it did not finish' : 'its options or inputs changed';
  }
  const first = generation?.request.first ?? 0;
  if (first > 0) return `the ${first} titles that are there stay, and new ones are added`;
  const texts = (last.requests ?? []).reduce((sum, request) => sum + request.texts, 0);
  const isThere = existsSync(join(path, runFiles.generated));
  const replaced = texts > 0 && isThere ? `; the ${texts} titles that are there are replaced` : '';
  if (finished === undefined) {
    return (isSameBase(last, work) ? 'its files were changed or removed' : 'its inputs changed') + replaced;
  }
  const names = changedOptions(finished, work.options);
  // A number of steps takes the place of what would end the training.
  const named = names.includes('steps') ? names.filter((name) => !endsByItself.has(name)) : names;
  if (names.length === 0 && work.begins.withLatest) return 'its last checkpoint is trained further';
  const changed = named.map(flagOf).join(', ');
  return `its options changed${changed === '' ? '' : `: ${changed}`}${replaced}`;
}

/**
 * Runs the dedupe stage if judgement.json is missing (as in runs of older versions) or out of date. Decisions made in
 * review do not make it out of date.
 * @throws TitlesmithError when the stage fails; InterruptedError.
 */
async function ensureJudgement(run: OpenRun, { onProgress, signal }: StageContext): Promise<void> {
  const { path, manifest } = run.folder;
  assertInputs('dedupe', path);
  const dedupe = { ...run, options: restoreStageOptions(manifest, 'dedupe'), decisions: manifest.decisions };
  if (await isUpToDate('dedupe', runFiles.judgement, dedupe)) return;
  const isThere = existsSync(join(path, runFiles.judgement));
  const why = isThere ? 'is not of the run as it is now' : 'is not there yet';
  onProgress({ kind: 'note', message: `${runFiles.judgement} ${why}: the dedupe stage runs first` });
  await runStage('dedupe', dedupe, { onProgress: scoped(onProgress, { stage: 'dedupe' }), signal }, true);
}
