import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Interrupt } from '../cli/interrupt.js';
import { overfitGate } from '../cli/overfit-gate.js';
import { type RunSummary, summarizeRun } from '../cli/summary.js';
import type { Console } from '../cli/terminal.js';
import { type ExitCode, exitCodes, InterruptedError } from '../common/errors.js';
import { stageNames } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import { decideDevice, describeDevice } from './decide/device.js';
import { checkPublishedModel } from './decide/memory.js';
import { keptModel } from './decide/model.js';
import { decideStart, wishedModel } from './decide/restore-from.js';
import { decideSource } from './decide/source.js';
import { planRuns, type RunPlan } from './plan.js';
import { spansToAsk } from './run/kept-months.js';
import type { Decision } from './run/manifest.js';
import { RunFolder } from './run/run-folder.js';
import { describeCost, openRunSource } from './run-source.js';
import { runStage, type StageRunContext } from './run-stages.js';
import { monthsKey, type SharedRows } from './shared-rows.js';
import { runFiles } from './stages/descriptions.js';

/** Without a model and a device where the stages asked for need none. */
interface Decisions {
  readonly source: Decision;
  readonly model?: Decision;
  readonly device?: Decision;
}

/**
 * Runs the pipeline for every subreddit given, one after the other. One that fails does not take the others down.
 * @returns 0 when all are done; 1 when one of several failed; 3 when --fail-on-overfit refused one; 130 when the person stopped it.
 * @throws TitlesmithError for wrong options, and when the only run fails.
 */
export async function runPipeline(
  given: Partial<RunOptions>,
  console: Console,
  interrupt: Interrupt,
): Promise<ExitCode> {
  const plans = planRuns(given);
  const [first] = plans;
  if (!first) return exitCodes.done;
  const source = decideSource(first.options);
  const decisions: Decisions = { source, ...(await decideTraining(plans, source, console)) };
  for (const [name, decision] of [['source', source] as const, ['model', decisions.model] as const]) {
    if (decision) console.note(`${name}: ${decision.choice} (${decision.reason})`);
  }
  if (decisions.device) console.note(describeDevice(decisions.device));
  if (first.options.dryRun) {
    const together = { ...first.options, subreddit: plans.flatMap(({ options }) => options.subreddit) };
    const cost = await describeCost(source.choice, together);
    console.result([cost], { cost });
    return exitCodes.done;
  }
  if (plans.length === 1) {
    const { summary, code } = await runPlan(first, decisions, console, interrupt, {});
    console.result(summary.lines, summary.data);
    return code;
  }
  return runSeveral(plans, decisions, console, interrupt);
}

/** A model takes time to find, and a network; titles alone need none. One known to be too large is refused before. */
async function decideTraining(
  plans: readonly RunPlan[],
  source: Decision,
  console: Console,
): Promise<Pick<Decisions, 'model' | 'device'>> {
  const { options } = plans[0]!;
  const { until, dryRun } = options;
  if (dryRun || stageNames.indexOf(until) < stageNames.indexOf('finetune')) return {};
  const hasTrained = plans.some(({ name }) => existsSync(join(options.runsDir, name, runFiles.checkpoint)));
  if (!hasTrained) checkPublishedModel(wishedModel(options), options);
  return {
    model: await decideStart(options, console.listener({}), source.choice),
    device: await decideDevice(options),
  };
}

async function runSeveral(
  plans: readonly RunPlan[],
  decisions: Decisions,
  console: Console,
  interrupt: Interrupt,
): Promise<ExitCode> {
  const folder = await mkdtemp(join(tmpdir(), 'titlesmith-rows-'));
  try {
    return await runEach(plans, decisions, console, interrupt, {
      folder,
      asked: await askedTogether(plans),
    });
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

async function runEach(
  plans: readonly RunPlan[],
  decisions: Decisions,
  console: Console,
  interrupt: Interrupt,
  together: SharedRows,
): Promise<ExitCode> {
  const failed: string[] = [];
  const overfitted: string[] = [];
  // A file of titles knows no subreddits: every run reads it as it is.
  const shared = decisions.source.choice === 'csv' ? undefined : together;
  for (const plan of plans) {
    try {
      const { summary, code } = await runPlan(plan, decisions, console, interrupt, {
        shownName: plan.name,
        shared,
      });
      if (code === exitCodes.overfit) overfitted.push(plan.name);
      console.result([...summary.lines, ''], summary.data);
    } catch (error) {
      console.error(error, { run: plan.name });
      if (error instanceof InterruptedError) return exitCodes.interrupted;
      failed.push(plan.name);
    }
  }
  const done = plans.length - failed.length;
  const listed = (what: string, names: readonly string[]) =>
    names.length > 0 ? `; ${what}: ${names.join(', ')}` : '';
  const more = listed('failed', failed) + listed('refused by --fail-on-overfit', overfitted);
  console.result([`${done} of ${plans.length} runs done${more}`], {
    runs: plans.length,
    done,
    failed,
    overfitted,
  });
  if (failed.length > 0) return exitCodes.failed;
  return overfitted.length > 0 ? exitCodes.overfit : exitCodes.done;
}

/**
 * One run, from its folder to its summary and exit code. Where there are several runs, `shownName` stands before its
 * lines, and `shared` is where they keep what they ask together.
 */
async function runPlan(
  plan: RunPlan,
  decisions: Decisions,
  console: Console,
  interrupt: Interrupt,
  { shownName, shared }: { readonly shownName?: string; readonly shared?: SharedRows | undefined },
): Promise<{ summary: RunSummary; code: ExitCode }> {
  const started = performance.now();
  const scope = shownName === undefined ? {} : { run: shownName };
  const { options, name } = plan;
  const source = await openRunSource(decisions.source.choice, options);
  const run = await RunFolder.openOrCreate(options.runsDir, name, options.overwrite, console.listener(scope));
  try {
    console.note(source.describe(), { ...scope, stage: 'extract' });
    const model =
      decisions.model &&
      keptModel(run.manifest, wishedModel(options), decisions.model, decisions.source.choice);
    if (model && model.choice !== decisions.model?.choice) {
      console.note(`model: ${model.choice}, as this run was trained with`, scope);
    }
    // Before titles are asked for, which may cost time and money.
    if (model && run.manifest.stages.finetune?.status !== 'done') checkPublishedModel(model.choice, options);
    const described = {
      ...(model ? { model } : {}),
      ...(decisions.device ? { device: decisions.device } : {}),
      source: { ...decisions.source, description: source.describe() },
    };
    await run.begin(options, described, options.until);
    const context: Omit<StageRunContext, 'onProgress'> = {
      run,
      runName: name,
      options,
      decisions: described,
      sourceFingerprint: await source.fingerprint(),
      shared,
      stopFlag: interrupt.flag,
      stopRequested: interrupt.requested,
    };
    for (const stage of stageNames.slice(0, stageNames.indexOf(options.until) + 1)) {
      const onProgress = console.listener({ ...scope, stage });
      const force = stage === 'finetune' && options.restoreFrom === 'fresh';
      await runStage(stage, { ...context, onProgress }, force);
    }
    const summary = await summarizeRun(run.path, run.manifest, (performance.now() - started) / 1000);
    const judged = options.until === 'report';
    const code = judged ? overfitGate(options, run.manifest, console.listener(scope)) : exitCodes.done;
    return { summary, code };
  } finally {
    run.close();
  }
}
