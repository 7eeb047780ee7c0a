import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, TitlesmithError } from '../common/errors.js';
import { baseFingerprintsHash } from '../common/package-facts.js';
import type { FinetuneCounts } from '../common/stage-counts.js';
import { hashFile } from '../io/atomic-file.js';
import { formatDevice } from '../model/engine/device-choice.js';
import { readConfiguration } from '../model/weights/checkpoint.js';
import type { StageName } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import { type DecidedOptions, decideOptions } from '../run/decided-options.js';
import { hashValue } from '../run/hash-value.js';
import {
  type Decisions,
  type FileRecord,
  finishedRecord,
  type Manifest,
  type StageRecord,
} from '../run/manifest.js';
import { isOptimizerFile, runFiles } from '../run/run-files.js';
import { stageDescriptions } from '../run/stage-descriptions.js';
import { stageFingerprint } from '../run/stage-fingerprint.js';
import { decidedDevice } from './decide/device.js';
import { decidedPrecision, isAutomaticPrecision } from './decide/mixed-precision.js';
import { descendsFromBase } from './run/base-descent.js';
import { checkpointHash } from './run/earlier-results.js';
import { filesAreUnchanged, recordFiles } from './run/fingerprint.js';

/** Everything a stage's result may depend on: the run's files and manifest, the options, and the decisions. */
export interface RunState {
  readonly folder: { readonly path: string; readonly manifest: Manifest };
  readonly options: RunOptions;
  readonly decisions: Decisions;
  /** Identifies the source's content; undefined if extract is not among the stages. */
  readonly sourceFingerprint?: string | undefined;
}

/** The work that a call asks of a stage: what its result depends on. */
export interface StageWork {
  /** Hash of all of it besides what follows: SHA-256, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly options: DecidedOptions;
  readonly inputs: Readonly<Record<string, FileRecord>>;
  /** The device, for a stage that runs the model. */
  readonly device: string | undefined;
  /** Whether a result of another device does as well: a graphics card that comes or goes is no reason to train again. */
  readonly isAnyDevice: boolean;
  /** Likewise, whether a training that is done in another precision does as well. */
  readonly isAnyPrecision: boolean;
  /** Whether training is to begin with the run's last checkpoint, and that checkpoint's hash if there is one. */
  readonly begins: { readonly withLatest: boolean; readonly checkpoint: string | undefined };
}

/** Whether a stage runs the model; its result then depends on the device. */
const runsModel = (stage: StageName): boolean => stage === 'finetune' || stage === 'generate';

/** Tokens of the model that the generate stage reads; undefined for other stages, or if there is no model that can be read. */
async function vocabularyOf(stage: StageName, folder: string): Promise<number | undefined> {
  if (stage !== 'generate') return undefined;
  const configuration = await readConfiguration(join(folder, runFiles.checkpoint)).catch(() => undefined);
  return configuration?.vocabularySize;
}

async function hashOfPrefixes(stage: StageName, { prefixFile }: RunOptions): Promise<string | undefined> {
  return stage === 'generate' && prefixFile !== undefined ? hashFile(prefixFile) : undefined;
}

/** @throws TitlesmithError when a file cannot be read. */
export async function describeWork(stage: StageName, run: RunState): Promise<StageWork> {
  const { inputs, optionalInputs } = stageDescriptions[stage];
  const { folder, options, decisions, sourceFingerprint } = run;
  const { manifest, path } = folder;
  const found = await recordFiles(path, [...inputs, ...optionalInputs]);
  const read = Object.fromEntries(Object.entries(found).filter(([file]) => !isOptimizerFile(file)));
  const isFromBase = stage === 'dedupe' && (await descendsFromBase(path, decisions));
  const withLatest = stage === 'finetune' && options.restoreFrom === 'latest';
  return {
    fingerprint: stageFingerprint(stage, manifest, {
      options,
      decisions,
      inputs: read,
      source: sourceFingerprint,
      baseTitles: isFromBase ? baseFingerprintsHash : undefined,
    }),
    options: decideOptions(stage, options, {
      model: decisions.model?.choice,
      mixedPrecision: decidedPrecision(decisions.mixedPrecision),
      vocabularySize: await vocabularyOf(stage, path),
      isFromBase,
      prefixes: await hashOfPrefixes(stage, options),
    }),
    inputs: read,
    device: runsModel(stage) ? formatDevice(decidedDevice(decisions.device)) : undefined,
    isAnyDevice: options.device === 'auto',
    isAnyPrecision: isAutomaticPrecision(options),
    begins: { withLatest, checkpoint: withLatest ? await checkpointHash(path, manifest) : undefined },
  };
}

/**
 * Whether what a record says was done, or begun, is this work.
 * @param options of the work, if not those it would have in a run without earlier results.
 */
export function isSameWork(
  record: StageRecord,
  work: StageWork,
  options: DecidedOptions = work.options,
): boolean {
  if (!isSameBase(record, work)) return false;
  // One that was cut short is gone on with in the precision that it began with, or not at all.
  const isAnyPrecision = work.isAnyPrecision && record.status === 'done';
  const [before, now] = [optionsOf(record), comparable(record, options)].map((decided) => {
    const { mixedPrecision, ...others } = decided;
    return hashValue(isAnyPrecision ? others : decided);
  });
  return before === now;
}

/** {@link isSameWork} apart from the options. */
export function isSameBase(record: StageRecord, work: StageWork): boolean {
  const { fingerprint, device, isAnyDevice, begins } = work;
  if (record.fingerprint !== fingerprint) return false;
  if (device !== undefined && !isAnyDevice && record.device !== device) return false;
  // A training that is done is not repeated for having changed the checkpoint that it began with.
  if (begins.withLatest) return record.status === 'done' || record.begin === begins.checkpoint;
  return record.begin === undefined;
}

const optionsOf = (record: StageRecord): DecidedOptions => comparable(record, record.options ?? {});

/** Options with the row length left out if it is the one that training would choose for these titles by itself. */
function comparable({ counts }: StageRecord, options: DecidedOptions): DecidedOptions {
  const { rowLength, ...others } = options;
  const fitting = (counts as FinetuneCounts | undefined)?.fittingRowLength;
  return rowLength === undefined || rowLength === fitting ? others : options;
}

/** Names of the options whose values differ, for messages. */
export function changedOptions(record: StageRecord, options: DecidedOptions): readonly string[] {
  const [before, now] = [optionsOf(record), comparable(record, options)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names.filter((name) => hashValue([before[name] ?? null]) !== hashValue([now[name] ?? null]));
}

/** Whether a file is there. @throws TitlesmithError where that cannot be told, as its folder may not be looked into. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw fileError('read', path, error);
  }
}

/** @throws TitlesmithError naming an input of the stage that is missing, or cannot be read. */
export function assertInputs(stage: StageName, folder: string): void {
  for (const input of stageDescriptions[stage].inputs) {
    if (isThere(join(folder, input))) continue;
    throw new TitlesmithError(`${join(folder, input)} is missing, which the ${stage} stage reads.`, {
      code: 'stage-input-missing',
      hint: 'Run "titlesmith pipeline" for this run first.',
    });
  }
}

/** Whether one output of a finished stage is unchanged, and so is everything the stage depends on. */
export async function isUpToDate(stage: StageName, file: string, run: RunState): Promise<boolean> {
  const { path, manifest } = run.folder;
  const record = finishedRecord(manifest, stage);
  const written = record?.outputs?.[file];
  if (record === undefined || written === undefined) return false;
  if (!(await filesAreUnchanged(path, { [file]: written }))) return false;
  return isSameWork(record, await describeWork(stage, run));
}
