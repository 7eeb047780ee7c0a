import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProgressListener } from '../../common/progress.js';
import { type StageName, stageNames } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decisions, Manifest } from '../run/manifest.js';
import { runFiles } from '../run/run-files.js';
import type { RunPlan } from '../run/run-plan.js';
import { decideDevice, describeDevice } from './device.js';
import { checkPublishedModel } from './memory.js';
import { decideStartingModel, keptModel, requestedModel } from './model.js';
import { decideSource } from './source.js';

/** Decisions of a call for whole runs; without a model and a device where the stages asked for need none. */
export type CallDecisions = Decisions & Required<Pick<Decisions, 'source'>>;

/**
 * What `auto` means for the runs of a call, which differ in their subreddits alone: decided once, and told.
 * A model takes time to find, and a network; titles alone need none. One known to be too large is refused before.
 * @throws TitlesmithError when a model or device named cannot be had.
 */
export async function decideForRuns(
  plans: readonly RunPlan[],
  options: RunOptions,
  onProgress: ProgressListener,
): Promise<CallDecisions> {
  const source = decideSource(options);
  const note = (message: string): void => onProgress({ kind: 'note', message });
  if (options.dryRun || !trains(options.until)) {
    note(`source: ${source.choice} (${source.reason})`);
    return { source };
  }
  const hasTrained = plans.some(({ folder }) => existsSync(join(folder, runFiles.checkpoint)));
  if (!hasTrained) checkPublishedModel(requestedModel(options), options);
  const model = await decideStartingModel(options, onProgress, source.choice);
  const device = await decideDevice(options);
  note(`source: ${source.choice} (${source.reason})`);
  note(`model: ${model.choice} (${model.reason})`);
  note(describeDevice(device));
  return { source, model, device };
}

const trains = (until: StageName): boolean => stageNames.indexOf(until) >= stageNames.indexOf('finetune');

/**
 * The decisions of a call for one of its runs: one that has a model already keeps it.
 * @param description what its source reads.
 * @throws TitlesmithError when its model is known to be too large to train here.
 */
export function decideForRun(
  decisions: CallDecisions,
  manifest: Manifest,
  options: RunOptions,
  description: string,
  onProgress: ProgressListener,
): Decisions {
  const { source, device } = decisions;
  const model =
    decisions.model && keptModel(manifest, requestedModel(options), decisions.model, source.choice);
  if (model && model.choice !== decisions.model?.choice) {
    onProgress({ kind: 'note', message: `model: ${model.choice}, as this run was trained with` });
  }
  // Before titles are asked for, which may cost time and money.
  if (model && manifest.stages.finetune?.status !== 'done') checkPublishedModel(model.choice, options);
  return { model, device, source: { ...source, description } };
}

/**
 * What a stage on its own needs decided anew; the rest stays as the run recorded it.
 * @throws TitlesmithError when a model or device named cannot be had.
 */
export async function decideForStage(
  stage: StageName,
  manifest: Manifest,
  options: RunOptions,
  onProgress: ProgressListener,
): Promise<Decisions> {
  const { decisions } = manifest;
  if (stage !== 'finetune' && stage !== 'generate') return decisions;
  const trained =
    stage === 'finetune' && (await decideStartingModel(options, onProgress, decisions.source?.choice));
  const model = trained ? keptModel(manifest, requestedModel(options), trained) : decisions.model;
  const { mixedPrecision, precision, ...otherOptions } = options;
  const precisionOptions = stage === 'finetune' ? { mixedPrecision } : { precision };
  const device = await decideDevice({ ...otherOptions, ...precisionOptions });
  onProgress({ kind: 'note', message: describeDevice(device) });
  return { ...decisions, model, device };
}
