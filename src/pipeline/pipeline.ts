import { InterruptedError } from '../common/errors.js';
import { type ProgressEvent, scoped, silentContext } from '../common/progress.js';
import { stageNames } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import { type CallDecisions, decideForRun, decideForRuns } from './decide/decisions.js';
import { describeCost, openRunSource } from './decide/source.js';
import { RunFolder } from './run/run-folder.js';
import { planRuns, type RunPlan } from './run/run-plan.js';
import { openSharedRows, removeSharedRows, type SharedRows } from './run/shared-rows.js';
import { type FinishedRun, runStages } from './run-stages.js';
import type { StageContext } from './stages/stage.js';

/** A run that failed, or was interrupted: then its error is an InterruptedError. */
export interface FailedRun extends Pick<FinishedRun, 'name' | 'folder' | 'seconds'> {
  readonly status: 'failed';
  readonly error: unknown;
}

/** What came of one run. */
export type RunResult = FinishedRun | FailedRun;

/** What came of a call for one or several runs. */
export interface PipelineResult {
  /** In the order asked for. After one that was interrupted no other was begun. */
  readonly runs: readonly RunResult[];
  /** With `dryRun`, what the question would read in BigQuery, and cost, one line. */
  readonly cost?: string;
}

/** What the pipeline tells while it works; `run` is named where there are several. */
export type PipelineEvent =
  | ProgressEvent
  /** A run came to its end. */
  | { readonly kind: 'run'; readonly run?: string; readonly result: RunResult };

/** A {@link StageContext} for whole runs. */
export interface PipelineContext extends StageContext {
  readonly onProgress: (event: PipelineEvent) => void;
}

/**
 * Runs the pipeline for every subreddit given, one after the other. One that fails does not take the others down: its
 * error stands in its result.
 * @throws TitlesmithError, before any run, for wrong options and where the model or device asked for cannot be had.
 */
export async function runPipeline(
  overrides: Partial<RunOptions>,
  context: PipelineContext = silentContext,
): Promise<PipelineResult> {
  const { runs: plans, options } = planRuns(overrides);
  const decisions = await decideForRuns(plans, options, context.onProgress);
  if (options.dryRun) return { runs: [], cost: await describeCost(decisions.source.choice, options) };
  const areSeveral = plans.length > 1;
  // A file of titles knows no subreddits: every run reads it as it is.
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

/** One run, from its subreddit to its report, or to the last stage asked for. */
async function runOne(
  { name, options }: RunPlan,
  decisions: CallDecisions,
  context: StageContext,
  shared: SharedRows | undefined,
): Promise<RunResult> {
  const { onProgress } = context;
  const source = await openRunSource(decisions.source.choice, options);
  const folder = await RunFolder.openOrCreate(options.runsDir, name, options.overwrite, onProgress);
  try {
    const description = source.describe();
    onProgress({ kind: 'note', stage: 'extract', message: description });
    const run = {
      folder,
      options,
      decisions: decideForRun(decisions, folder.manifest, options, description, onProgress),
      sourceFingerprint: await source.fingerprint(),
      shared,
    };
    await folder.begin(options, run.decisions, options.until);
    return await runStages(stageNames.slice(0, stageNames.indexOf(options.until) + 1), run, context);
  } finally {
    folder.close();
  }
}
