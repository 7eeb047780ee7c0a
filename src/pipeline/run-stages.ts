import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError, TitlesmithError } from '../common/errors.js';
import type { ProgressListener } from '../common/progress.js';
import { hashFile } from '../io/atomic-file.js';
import { formatDevice } from '../model/engine/device-names.js';
import type { StageName } from '../options/choices.js';
import { type OptionName, optionNames, type RunOptions, stagesOf } from '../options/option-table.js';
import { decidedDevice, deviceIdentity } from './decide/device.js';
import { refuseOwnModel } from './decide/restore-from.js';
import { keepAccepted } from './run/accepted-before.js';
import { earlierCheckpointHash, putCheckpointAside } from './run/earlier-checkpoint.js';
import { filesAreUnchanged, hashValue, recordFiles } from './run/fingerprint.js';
import type { Decision, StageCounts, StageRecord } from './run/manifest.js';
import type { RunFolder } from './run/run-folder.js';
import type { SharedRows } from './shared-rows.js';
import { earlierCheckpointFolder, stageDescriptions } from './stages/descriptions.js';
import { runInThread } from './stages/stage-host.js';

/** What one run's stages need. */
export interface StageRunContext {
  readonly run: RunFolder;
  readonly runName: string;
  readonly options: RunOptions;
  readonly decisions: Readonly<Record<string, Decision>>;
  /** Identifies what the source reads; undefined where extract is not among the stages. */
  readonly sourceFingerprint: string | undefined;
  /** Where several runs of one call ask one source together. */
  readonly shared?: SharedRows | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/** The options a stage's result depends on; the report shows all that any result depends on. */
function optionsOf(stage: StageName, options: RunOptions): Record<string, unknown> {
  const matters = (name: OptionName): boolean => {
    const stages = stagesOf(name);
    return stage === 'report' ? stages.length > 0 : stages.includes(stage);
  };
  return Object.fromEntries(optionNames.filter(matters).map((name) => [name, options[name]]));
}

function countsOf(run: RunFolder, stages: readonly StageName[]): Partial<Record<StageName, StageCounts>> {
  return Object.fromEntries(stages.map((stage) => [stage, run.manifest.stages[stage]?.counts]));
}

/** What was chosen, and its content where that is not titlesmith's own. */
function modelIdentity(model: Decision | undefined): unknown {
  return model?.hash === undefined ? model?.choice : [model.choice, model.hash];
}

const runsModel = (stage: StageName): boolean => stage === 'finetune' || stage === 'generate';

/** The content of --prefix-file, whose path says little. */
async function hashPrefixes({ prefixFile }: RunOptions): Promise<string | undefined> {
  return prefixFile === undefined ? undefined : hashFile(prefixFile);
}

/** Hash of everything a stage's result depends on. @throws TitlesmithError when an input is missing. */
async function fingerprintStage(stage: StageName, context: StageRunContext): Promise<string> {
  const { version, inputs, optionalInputs, usesCountsOf } = stageDescriptions[stage];
  const { run, runName, options, decisions, sourceFingerprint } = context;
  for (const input of inputs) {
    const files = await recordFiles(run.path, [input]);
    if (Object.keys(files).length === 0) {
      throw new TitlesmithError(`${join(run.path, input)} is missing, which the ${stage} stage reads.`, {
        code: 'stage-input-missing',
        hint: 'Run "titlesmith pipeline" for this run first.',
      });
    }
  }
  return hashValue({
    version,
    options: optionsOf(stage, options),
    inputs: await recordFiles(run.path, [...inputs, ...optionalInputs]),
    counts: countsOf(run, usesCountsOf),
    source: stage === 'extract' ? sourceFingerprint : undefined,
    model: stage === 'finetune' ? modelIdentity(decisions['model']) : undefined,
    device: runsModel(stage)
      ? deviceIdentity(options, decisions['device'], run.manifest.stages[stage])
      : undefined,
    begin: beginsWithEarlier(stage, options) ? await earlierCheckpointHash(run.path) : undefined,
    prefixes: stage === 'generate' ? await hashPrefixes(options) : undefined,
    shown: stage === 'report' ? { runName, decisions } : undefined,
  });
}

async function isFinished(
  run: RunFolder,
  record: StageRecord | undefined,
  fingerprint: string,
): Promise<boolean> {
  if (record?.status !== 'done' || record.fingerprint !== fingerprint) return false;
  return filesAreUnchanged(run.path, record.outputs ?? {});
}

/** Why a stage runs, in words for the console; undefined for its first time. */
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

/**
 * Runs a stage, or skips it when nothing it depends on changed and its files are as it left them. An interrupted
 * stage that can go on does; leftovers of other options or inputs are removed first.
 * @param force runs it even when nothing changed, from the start.
 * @returns whether it ran.
 */
export async function runStage(stage: StageName, context: StageRunContext, force = false): Promise<boolean> {
  const { run, onProgress } = context;
  const { outputs, resumable } = stageDescriptions[stage];
  if (context.signal.aborted) throw new InterruptedError();
  let fingerprint = await fingerprintStage(stage, context);
  const previous = run.manifest.stages[stage];
  if (!force && (await isFinished(run, previous, fingerprint))) {
    onProgress({ kind: 'note', message: 'skipped: nothing it depends on has changed' });
    return false;
  }
  const sameWork =
    previous !== undefined && previous.fingerprint === fingerprint && previous.status !== 'done';
  const resume = resumable && sameWork && !force;
  const reason = force ? undefined : reasonToRun(previous, fingerprint, resume);
  if (reason) onProgress({ kind: 'note', message: reason });
  if (stage === 'finetune' && !resume) refuseOwnModel(run.path, context.decisions['model']);
  if (!sameWork) await keepForLater(stage, context, previous);
  if (beginsWithEarlier(stage, context.options)) fingerprint = await fingerprintStage(stage, context);
  if (!resume) {
    for (const output of outputs) await rm(join(run.path, output), { recursive: true, force: true });
  }
  await perform(stage, context, fingerprint, resume);
  return true;
}

/** Whether a stage is a training that begins with the run's last checkpoint. */
function beginsWithEarlier(stage: StageName, { restoreFrom }: RunOptions): boolean {
  return stage === 'finetune' && restoreFrom === 'latest';
}

/** Puts aside what a stage is about to replace, where later work needs it. */
async function keepForLater(
  stage: StageName,
  { run, options, onProgress }: StageRunContext,
  previous: StageRecord | undefined,
): Promise<void> {
  if (stage === 'generate' && options.addMonths && run.manifest.stages.dedupe?.status === 'done') {
    await keepAccepted(run.path);
  }
  if (stage !== 'finetune') return;
  if (!beginsWithEarlier(stage, options)) {
    await rm(join(run.path, earlierCheckpointFolder), { recursive: true, force: true });
  } else if (previous && (await putCheckpointAside(run.path, previous))) {
    onProgress({ kind: 'note', message: 'training begins with the last checkpoint' });
  }
}

async function perform(
  stage: StageName,
  context: StageRunContext,
  fingerprint: string,
  resume: boolean,
): Promise<void> {
  const { run, runName, options, decisions, shared, signal, onProgress } = context;
  const { outputs, usesCountsOf } = stageDescriptions[stage];
  const earlierSeconds = resume ? (run.manifest.stages[stage]?.seconds ?? 0) : 0;
  const started = performance.now();
  const seconds = (): number => Math.round(earlierSeconds * 1000 + performance.now() - started) / 1000;
  const device = runsModel(stage) ? { device: formatDevice(decidedDevice(decisions['device'])) } : {};
  const base = { startedAt: new Date().toISOString(), fingerprint, ...device };
  await run.recordStage(stage, { ...base, status: 'running', seconds: earlierSeconds });
  const counts = countsOf(run, usesCountsOf);
  try {
    const job = { stage, folder: run.path, runName, options, decisions, counts, shared, resume };
    const result = await runInThread(job, { onProgress, signal });
    const written = await recordFiles(run.path, outputs);
    await run.recordStage(stage, {
      ...base,
      status: 'done',
      seconds: seconds(),
      counts: result,
      outputs: written,
    });
  } catch (error) {
    const status = error instanceof InterruptedError ? 'interrupted' : 'failed';
    const message = error instanceof TitlesmithError ? error.toLine() : String(error);
    await run.recordStage(stage, { ...base, status, seconds: seconds(), error: message });
    throw error;
  }
}
