import { InterruptedError } from '../common/errors.js';
import { type ProgressEvent, scoped } from '../common/progress.js';
import { completeContext } from '../options/call-arguments.js';
import { stageNames } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import { type CallDecisions, decideForRun, decideForRuns } from './decide/decisions.js';
import { withOwnCheckpoint } from './decide/model.js';
import { describeCost, openRunSource } from './decide/source.js';
import { withListedSubreddits } from './run/listed-subreddits.js';
import { withRecordedCall } from './run/recorded-call.js';
import { RunFolder } from './run/run-folder.js';
import { planRuns, type RunPlan } from './run/run-plan.js';
import { openSharedRows, removeSharedRows, type SharedRows } from './run/shared-rows.js';
import { type FinishedRun, runStages } from './run-stages.js';
import type { StageContext } from './stages/stage.js';
import { checkStagesAhead } from './stages-ahead.js';

/** A run that failed or was interrupted (its error is then an InterruptedError). */
export interface FailedRun extends Pick<FinishedRun, 'name' | 'folder' | 'seconds'> {
  readonly status: 'failed';
  readonly error: unknown;
}

/** The outcome of one run. */
export type RunResult = FinishedRun | FailedRun;

/** The outcome of {@link runPipeline}. */
export interface PipelineResult {
  /** In the order requested. No run is started after one that was interrupted. */
  readonly runs: readonly RunResult[];
  /** With `dryRun`: the bytes the BigQuery query would read and their price, one line. */
  readonly cost?: string;
}

/** Events of a pipeline; `run` is set when there are several runs. */
export type PipelineEvent =
  | ProgressEvent
  /** A run ended. */
  | { readonly kind: 'run'; readonly run?: string; readonly result: RunResult };

/** A {@link StageContext} whose listener also gets the end of each run. */
export interface PipelineContext extends StageContext {
  readonly onProgress: (event: PipelineEvent) => void;
}

/**
 * Runs the pipeline for each subreddit in turn. A run that fails does not stop the others; its error is in its result.
 * @throws TitlesmithError, before any run, when an option is wrong or the requested model or device is unavailable.
 */
export async function runPipeline(
  overrides: Partial<RunOptions>,
  given: Partial<PipelineContext> = {},
): Promise<PipelineResult> {
  const context = completeContext<PipelineContext>('runPipeline', given);
  const { options: called, recordedIn } = await withRecordedCall(overrides);
  const { runs: plans, options } = planRuns(await withListedSubreddits(called));
  if (recordedIn !== undefined) {
    const message = `source and options are those recorded in ${recordedIn}, where none is given`;
    context.onProgress({ kind: 'note', message });
  }
  const decisions = await decideForRuns(plans, options, context);
  if (options.dryRun) return { runs: [], cost: await describeCost(decisions.source.choice, options) };
  const areSeveral = plans.length > 1;
  // A file of titles has no subreddits: every run reads all of it.
  const shared = areSeveral && decisions.source.choice !== 'csv' ? await openSharedRows(plans) : undefined;
  const runs: RunResult[] = [];
  try {
    for (const plan of plans) {
      const scope = areSeveral ? { run: plan.name } : {};
      const onProgress = scoped(context.onProgress, scope);
      const result = await tryRun(plan, decisions, { ...context, onProgress }, shared);
      runs.push(result);
      context.onProgress({ kind: 'run', ...scope, result });
      if (result.status === 'failed' && result.error instanceof InterruptedError) break;
    }
    return { runs };
  } finally {
    if (shared) await removeSharedRows(shared);
  }
}

async function tryRun(
  plan: RunPlan,
  decisions: CallDecisions,
  context: StageContext,
  shared: SharedRows | undefined,
): Promise<RunResult> {
  const started = performance.now();
  const { name, folder } = plan;
  try {
    return await runOne(plan, decisions, context, shared);
  } catch (error) {
    return { status: 'failed', name, folder, seconds: (performance.now() - started) / 1000, error };
  }
}

/** One run, from its subreddit to its report or the last stage requested. */
async function runOne(
  { name, folder: path, options: requested }: RunPlan,
  decisions: CallDecisions,
  context: StageContext,
  shared: SharedRows | undefined,
): Promise<RunResult> {
  const { onProgress, signal } = context;
  if (signal.aborted) throw new InterruptedError();
  const options = withOwnCheckpoint(path, requested);
  const source = await openRunSource(decisions.source.choice, options);
  const description = source.describe();
  onProgress({ kind: 'note', stage: 'extract', message: description });
  const sourceFingerprint = await source.fingerprint();
  const folder = await RunFolder.openOrCreate(options.runsDir, name, options.overwrite, onProgress);
  try {
    const decided = decideForRun(decisions, folder.manifest, options, description, onProgress);
    await checkStagesAhead(options, decided);
    const run = { folder, options, decisions: decided, sourceFingerprint, shared };
    return await runStages(stageNames.slice(0, stageNames.indexOf(options.until) + 1), run, context);
  } finally {
    await folder.close();
  }
}
