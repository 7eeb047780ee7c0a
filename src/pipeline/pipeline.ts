import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InterruptedError } from '../common/errors.js';
import { type ProgressListener, scoped, silentContext } from '../common/progress.js';
import { stageNames } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import { decideDevice, describeDevice } from './decide/device.js';
import { checkPublishedModel } from './decide/memory.js';
import { keptModel } from './decide/model.js';
import { decideStart, wishedModel } from './decide/restore-from.js';
import { decideSource } from './decide/source.js';
import { refusesOverfit } from './overfit-gate.js';
import { planRuns, type RunPlan } from './plan.js';
import { spansToAsk } from './run/kept-months.js';
import type { Decision } from './run/manifest.js';
import { RunFolder } from './run/run-folder.js';
import type { FinishedRun, PipelineContext, PipelineResult, RunResult, StageContext } from './run-result.js';
import { describeCost, openRunSource } from './run-source.js';
import { runStage } from './run-stages.js';
import { monthsKey, type SharedRows } from './shared-rows.js';
import { runFiles } from './stages/descriptions.js';

/** Without a model and a device where the stages asked for need none. */
interface Decisions {
  readonly source: Decision;
  readonly model?: Decision;
  readonly device?: Decision;
}

/**
 * Runs the pipeline for every subreddit given, one after the other. One that fails does not take the others down: its
 * error stands in its result.
 * @throws TitlesmithError, before any run, for wrong options and where the model or device asked for cannot be had.
 */
export async function runPipeline(
  given: Partial<RunOptions>,
  context: PipelineContext = silentContext,
): Promise<PipelineResult> {
  const { onProgress } = context;
  const plans = planRuns(given);
  const [first] = plans;
  if (!first) return { runs: [] };
  const source = decideSource(first.options);
  const decisions: Decisions = { source, ...(await decideTraining(plans, source, onProgress)) };
  for (const [name, decision] of [['source', source] as const, ['model', decisions.model] as const]) {
    if (decision) onProgress({ kind: 'note', message: `${name}: ${decision.choice} (${decision.reason})` });
  }
  if (decisions.device) onProgress({ kind: 'note', message: describeDevice(decisions.device) });
  if (first.options.dryRun) {
    const together = { ...first.options, subreddit: plans.flatMap(({ options }) => options.subreddit) };
    return { runs: [], cost: await describeCost(source.choice, together) };
  }
  if (plans.length > 1) return { runs: await runSeveral(plans, decisions, context) };
  const result = await runPlan(first, decisions, context);
  onProgress({ kind: 'run', result });
  return { runs: [result] };
}

/** A model takes time to find, and a network; titles alone need none. One known to be too large is refused before. */
async function decideTraining(
  plans: readonly RunPlan[],
  source: Decision,
  onProgress: ProgressListener,
): Promise<Pick<Decisions, 'model' | 'device'>> {
  const { options } = plans[0]!;
  const { until, dryRun } = options;
  if (dryRun || stageNames.indexOf(until) < stageNames.indexOf('finetune')) return {};
  const hasTrained = plans.some(({ name }) => existsSync(join(options.runsDir, name, runFiles.checkpoint)));
  if (!hasTrained) checkPublishedModel(wishedModel(options), options);
  return {
    model: await decideStart(options, onProgress, source.choice),
    device: await decideDevice(options),
  };
}

async function runSeveral(
  plans: readonly RunPlan[],
  decisions: Decisions,
  context: PipelineContext,
): Promise<RunResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'titlesmith-rows-'));
  // A file of titles knows no subreddits: every run reads it as it is.
  const isShared = decisions.source.choice !== 'csv';
  const results: RunResult[] = [];
  try {
    const shared = isShared ? { folder, asked: await askedTogether(plans) } : undefined;
    for (const plan of plans) {
      const { name: run } = plan;
      const onProgress = scoped(context.onProgress, { run });
      const result = await runPlan(plan, decisions, { ...context, onProgress }, shared);
      results.push(result);
      context.onProgress({ kind: 'run', run, result });
      if (result.status === 'failed' && result.error instanceof InterruptedError) break;
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Which subreddits ask for which months; with --add-months, for those that they do not have yet. */
async function askedTogether(plans: readonly RunPlan[]): Promise<SharedRows['asked']> {
  const asked: Record<string, string[]> = {};
  for (const { name, options } of plans) {
    const { from, to, addMonths, runsDir, overwrite, subreddit } = options;
    const isAdding = addMonths && from !== undefined && to !== undefined && !overwrite;
    const spans = isAdding ? await spansToAsk(join(runsDir, name), { from, to }) : [{ from, to }];
    for (const span of spans) asked[monthsKey(span)] = [...(asked[monthsKey(span)] ?? []), ...subreddit];
  }
  return asked;
}

/** One run, from its folder to its result. @param shared where several runs keep what they ask together. */
async function runPlan(
  plan: RunPlan,
  decisions: Decisions,
  context: StageContext,
  shared?: SharedRows,
): Promise<RunResult> {
  const started = performance.now();
  const { options, name } = plan;
  const folder = join(options.runsDir, name);
  const seconds = (): number => (performance.now() - started) / 1000;
  try {
    const finished = await runStages(plan, decisions, context, shared);
    return { status: 'finished', name, folder, seconds: seconds(), ...finished };
  } catch (error) {
    return { status: 'failed', name, folder, seconds: seconds(), error };
  }
}

async function runStages(
  { options, name }: RunPlan,
  decisions: Decisions,
  { onProgress, signal }: StageContext,
  shared: SharedRows | undefined,
): Promise<Pick<FinishedRun, 'manifest' | 'overfits'>> {
  const source = await openRunSource(decisions.source.choice, options);
  const run = await RunFolder.openOrCreate(options.runsDir, name, options.overwrite, onProgress);
  try {
    onProgress({ kind: 'note', message: source.describe(), stage: 'extract' });
    const model =
      decisions.model &&
      keptModel(run.manifest, wishedModel(options), decisions.model, decisions.source.choice);
    if (model && model.choice !== decisions.model?.choice) {
      onProgress({ kind: 'note', message: `model: ${model.choice}, as this run was trained with` });
    }
    // Before titles are asked for, which may cost time and money.
    if (model && run.manifest.stages.finetune?.status !== 'done') checkPublishedModel(model.choice, options);
    const described = {
      ...(model ? { model } : {}),
      ...(decisions.device ? { device: decisions.device } : {}),
      source: { ...decisions.source, description: source.describe() },
    };
    await run.begin(options, described, options.until);
    const stageContext = {
      run,
      runName: name,
      options,
      decisions: described,
      sourceFingerprint: await source.fingerprint(),
      shared,
      signal,
    };
    for (const stage of stageNames.slice(0, stageNames.indexOf(options.until) + 1)) {
      const force = stage === 'finetune' && options.restoreFrom === 'fresh';
      await runStage(stage, { ...stageContext, onProgress: scoped(onProgress, { stage }) }, force);
    }
    const overfits = options.until === 'report' && refusesOverfit(options, run.manifest, onProgress);
    return { manifest: run.manifest, overfits };
  } finally {
    run.close();
  }
}
