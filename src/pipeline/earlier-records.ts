import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { GenerateCounts } from '../common/stage-counts.js';
import { resolveInputFiles } from '../data/sources/input-files.js';
import { type StageName, stageNames } from '../options/choices.js';
import type { RunOptions } from '../options/option-table.js';
import { restoreOptions } from '../options/option-values.js';
import { finishedRecord, type Manifest, type StageRecord } from '../run/manifest.js';
import { describeWork, type RunState } from './stage-work.js';

/** The stages whose results stand. The others are quick, and have written other files since. */
const standingStages: readonly StageName[] = ['extract', 'dataset', 'finetune', 'generate'];

/**
 * The last time a stage was done, as this version records it. Earlier ones recorded neither the values in force nor the
 * files that a stage read, but the options of the whole run: what they made of these counts as what would be made of them
 * now, if each stage began after the one before it, and no input of the first has changed since.
 * @returns undefined if the stage never was done.
 * @throws TitlesmithError when a file cannot be read.
 */
export async function finishedWork(stage: StageName, run: RunState): Promise<StageRecord | undefined> {
  const { manifest } = run.folder;
  const record = finishedRecord(manifest, stage);
  if (record === undefined || record.options !== undefined) return record;
  if (!standingStages.includes(stage) || !isInOrder(manifest, stage)) return record;
  if (stage === 'extract' && !(await isSameSource(run, record))) return record;
  const options = restoreOptions(manifest.options);
  const work = await describeWork(stage, {
    ...run,
    options: withReadablePrefix(options),
    decisions: manifest.decisions,
  });
  const { fingerprint, inputs, options: decided } = work;
  const completed = { ...record, fingerprint, inputs, options: decided };
  if (stage !== 'generate') return completed;
  const texts = (record.counts as GenerateCounts | undefined)?.generated ?? 0;
  return { ...completed, requests: [{ first: 0, texts, options: decided }] };
}

/** Whether a stage, and each before it, began after the stage before it did. */
function isInOrder(manifest: Manifest, stage: StageName): boolean {
  const begun = stageNames
    .slice(0, stageNames.indexOf(stage) + 1)
    .map((name) => finishedRecord(manifest, name)?.startedAt);
  const times = begun.filter((time) => time !== undefined).map((time) => Date.parse(time));
  return times.length === begun.length && times.every((time, index) => time >= (times[index - 1] ?? 0));
}

/** Whether the source is the recorded one, and its files are older than what was read from them. */
async function isSameSource({ folder, options, decisions }: RunState, record: StageRecord): Promise<boolean> {
  const before = folder.manifest.decisions.source;
  const { source } = decisions;
  if (source?.choice !== before?.choice || source?.description !== before?.description) return false;
  const files =
    options.input.length === 0 ? [] : await resolveInputFiles(source?.choice ?? '', options.input);
  const changed = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  return changed.every((time) => time <= Date.parse(record.startedAt));
}

/** Options without the prefixes of a file that is no longer there. */
function withReadablePrefix(options: RunOptions): RunOptions {
  const isGone = options.prefixFile !== undefined && !existsSync(options.prefixFile);
  return isGone ? { ...options, prefixFile: undefined } : options;
}
