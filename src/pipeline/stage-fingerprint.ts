import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TitlesmithError } from '../common/errors.js';
import { hashFile } from '../io/atomic-file.js';
import type { StageName } from '../options/choices.js';
import { type OptionName, optionNames, type RunOptions, stagesOf } from '../options/option-table.js';
import { deviceIdentity } from './decide/device.js';
import { earlierCheckpointHash } from './run/earlier-results.js';
import { filesAreUnchanged, hashValue, recordFiles } from './run/fingerprint.js';
import type { Decision, Decisions, Manifest, StageCounts, StageRecord } from './run/manifest.js';
import { stageDescriptions } from './stages/registry.js';

/** Everything a stage's result may depend on: the run's files and manifest, the options, and the decisions. */
export interface RunState {
  readonly folder: { readonly path: string; readonly manifest: Manifest };
  readonly options: RunOptions;
  readonly decisions: Decisions;
  /** Identifies the source's content; undefined if extract is not among the stages. */
  readonly sourceFingerprint?: string | undefined;
}

/** The options a stage's result depends on; for the report, those any result depends on, since it shows them. */
function optionsOf(stage: StageName, options: RunOptions): Record<string, unknown> {
  const matters = (name: OptionName): boolean => {
    const stages = stagesOf(name);
    return stage === 'report' ? stages.length > 0 : stages.includes(stage);
  };
  return Object.fromEntries(optionNames.filter(matters).map((name) => [name, options[name]]));
}

/** Counts of earlier stages. */
export function countsOf(
  manifest: Manifest,
  stages: readonly StageName[],
): Partial<Record<StageName, StageCounts>> {
  return Object.fromEntries(stages.map((stage) => [stage, manifest.stages[stage]?.counts]));
}

/** The chosen model, with the hash of its content if it is not titlesmith's own. */
function modelIdentity(model: Decision | undefined): unknown {
  return model?.hash === undefined ? model?.choice : [model.choice, model.hash];
}

/** Whether a stage runs the model; its result then depends on the device. */
export const runsModel = (stage: StageName): boolean => stage === 'finetune' || stage === 'generate';

/** Whether a stage is a training that starts from the run's last checkpoint. */
export function beginsWithEarlier(stage: StageName, { restoreFrom }: RunOptions): boolean {
  return stage === 'finetune' && restoreFrom === 'latest';
}

/** Hash of the content of --prefix-file, as the file may change under the same path. */
async function hashPrefixes({ prefixFile }: RunOptions): Promise<string | undefined> {
  return prefixFile === undefined ? undefined : hashFile(prefixFile);
}

/** Hash of everything a stage's result depends on: SHA-256, lower-case hexadecimal. */
export async function fingerprintStage(stage: StageName, run: RunState): Promise<string> {
  const { version, inputs, optionalInputs, usesCountsOf } = stageDescriptions[stage];
  const { folder, options, decisions, sourceFingerprint } = run;
  const { manifest, path } = folder;
  return hashValue({
    version,
    options: optionsOf(stage, options),
    inputs: await recordFiles(path, [...inputs, ...optionalInputs]),
    counts: countsOf(manifest, usesCountsOf),
    source: stage === 'extract' ? sourceFingerprint : undefined,
    model: stage === 'finetune' ? modelIdentity(decisions.model) : undefined,
    device: runsModel(stage) ? deviceIdentity(options, decisions.device, manifest.stages[stage]) : undefined,
    begin: beginsWithEarlier(stage, options) ? await earlierCheckpointHash(path) : undefined,
    prefixes: stage === 'generate' ? await hashPrefixes(options) : undefined,
    shown: stage === 'report' ? { runName: manifest.name, decisions } : undefined,
  });
}

/** @throws TitlesmithError naming an input of the stage that is missing. */
export function assertInputs(stage: StageName, folder: string): void {
  for (const input of stageDescriptions[stage].inputs) {
    if (existsSync(join(folder, input))) continue;
    throw new TitlesmithError(`${join(folder, input)} is missing, which the ${stage} stage reads.`, {
      code: 'stage-input-missing',
      hint: 'Run "titlesmith pipeline" for this run first.',
    });
  }
}

/** Whether the record says the stage is done with this fingerprint, and its outputs are unchanged. */
export async function isFinished(
  folder: string,
  record: StageRecord | undefined,
  fingerprint: string,
): Promise<boolean> {
  if (record?.status !== 'done' || record.fingerprint !== fingerprint) return false;
  return filesAreUnchanged(folder, record.outputs ?? {});
}

/** Whether one output of a stage is unchanged, and so is everything the stage depends on. */
export async function isUpToDate(stage: StageName, file: string, run: RunState): Promise<boolean> {
  const { path, manifest } = run.folder;
  const record = manifest.stages[stage];
  const written = record?.outputs?.[file];
  if (record === undefined || written === undefined) return false;
  const alone = { ...record, outputs: { [file]: written } };
  return isFinished(path, alone, await fingerprintStage(stage, run));
}
