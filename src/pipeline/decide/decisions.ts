import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProgressListener, WorkContext } from '../../common/progress.js';
import { type StageName, stageNames } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decision, Decisions, Manifest } from '../../run/manifest.js';
import { runFiles } from '../../run/run-files.js';
import { readManifest } from '../run/manifest-file.js';
import type { RunPlan } from '../run/run-plan.js';
import { decidedDevice, decideTrainingDevice, describeDevice } from './device.js';
import { checkKnownModel } from './memory.js';
import { describeMixedPrecision } from './mixed-precision.js';
import { checkKeptModel, decideStartingModel, keptModel, requestedModel } from './model.js';
import { decideSentenceModel } from './sentence-model.js';
import { decideSource } from './source.js';

/** Decisions for all runs of a call; model and device are undefined if no requested stage needs them. */
export type CallDecisions = Decisions & Required<Pick<Decisions, 'source'>>;

/**
 * Resolves `auto` once for all runs of a call, which differ only in their subreddits, and reports the choices. The model,
 * which may need the network, is only looked up if a requested stage trains; one known to be too large is refused first.
 * @throws TitlesmithError when the named model or device is unavailable.
 */
export async function decideForRuns(
  plans: readonly RunPlan[],
  options: RunOptions,
  context: WorkContext,
): Promise<CallDecisions> {
  const { onProgress } = context;
  const source = await decideSource(options);
  const note = (message: string): void => onProgress({ kind: 'note', message });
  if (options.dryRun || !trains(options.until)) {
    note(`source: ${source.choice} (${source.reason})`);
    return { source };
  }
  const dedupes = stageNames.indexOf(options.until) >= stageNames.indexOf('dedupe');
  const sentenceModel = dedupes ? await decideSentenceModel(options, context) : undefined;
  for (const { folder } of plans) {
    const manifest = await readManifest(folder);
    if (manifest) checkKeptModel(manifest, options);
  }
  const hasTrained = plans.some(({ folder }) => existsSync(join(folder, runFiles.checkpoint)));
  if (!hasTrained) checkKnownModel(requestedModel(options), options);
  const { device, mixedPrecision } = await decideTrainingDevice(options, context);
  const model = await decideStartingModel(options, onProgress, { source: source.choice, device });
  note(`source: ${source.choice} (${source.reason})`);
  note(`model: ${model.choice} (${model.reason})`);
  for (const line of describeComputation(device, mixedPrecision)) note(line);
  return { source, model, device, mixedPrecision, sentenceModel };
}

/** The device and, on a card, the precision of training; the processor has one alone. */
function describeComputation(device: Decision, mixedPrecision: Decision): string[] {
  const isCard = decidedDevice(device).device !== 'cpu';
  return [describeDevice(device), ...(isCard ? [describeMixedPrecision(mixedPrecision)] : [])];
}

/** Whether a run up to a stage trains a model. */
export function trains(until: StageName): boolean {
  return stageNames.indexOf(until) >= stageNames.indexOf('finetune');
}

/**
 * The decisions for one run of a call. A run that already has a model keeps it.
 * @param description of what the source reads.
 * @throws TitlesmithError when the model is known to be too large to train on this machine.
 */
export function decideForRun(
  decisions: CallDecisions,
  manifest: Manifest,
  options: RunOptions,
  description: string,
  onProgress: ProgressListener,
): Decisions {
  const { source, device, mixedPrecision, sentenceModel } = decisions;
  const model = decisions.model && keptModel(manifest, options, decisions.model, source.choice);
  if (model && model.choice !== decisions.model?.choice) {
    onProgress({ kind: 'note', message: `model: ${model.choice}, as this run was trained with` });
  }
  // Checked before titles are queried, which may cost time and money.
  if (model && manifest.stages.finetune?.status !== 'done') checkKnownModel(model.choice, options);
  return { model, device, mixedPrecision, sentenceModel, source: { ...source, description } };
}

/**
 * The decisions for a single stage: model and device are decided again if it uses them; the rest stays as recorded.
 * @throws TitlesmithError when the named model or device is unavailable.
 */
export async function decideForStage(
  stage: StageName,
  manifest: Manifest,
  options: RunOptions,
  context: WorkContext,
): Promise<Decisions> {
  const { onProgress } = context;
  const { decisions } = manifest;
  if (stage === 'finetune') checkKeptModel(manifest, options);
  if (stage === 'dedupe' && options.semantic)
    return { ...decisions, sentenceModel: await decideSentenceModel(options, context) };
  if (stage !== 'finetune' && stage !== 'generate') return decisions;
  const { mixedPrecision: askedToTrain, frozenPrecision, precision, ...otherOptions } = options;
  const precisionOptions =
    stage === 'finetune' ? { mixedPrecision: askedToTrain, frozenPrecision } : { precision };
  const decided = await decideTrainingDevice({ ...otherOptions, ...precisionOptions }, context);
  const { device } = decided;
  const source = decisions.source?.choice;
  const trained =
    stage === 'finetune' && (await decideStartingModel(options, onProgress, { source, device }));
  const model = trained ? keptModel(manifest, options, trained) : decisions.model;
  const mixedPrecision = stage === 'finetune' ? decided.mixedPrecision : undefined;
  const lines = mixedPrecision ? describeComputation(device, mixedPrecision) : [describeDevice(device)];
  const begun =
    model && (trained ? `${model.choice} (${model.reason})` : `${model.choice}, as this run has trained it`);
  if (begun !== undefined) lines.unshift(`model: ${begun}`);
  for (const message of lines) onProgress({ kind: 'note', message });
  return { ...decisions, model, device, ...(mixedPrecision ? { mixedPrecision } : {}) };
}
