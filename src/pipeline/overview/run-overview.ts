import { type Dirent, readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import type { OverfitVerdict } from '../../common/judgement.js';
import type { RunCounts } from '../../common/stage-counts.js';
import { type StageName, stageNames } from '../../options/choices.js';
import { finishedRecord, type Manifest, type StageRecord } from '../../run/manifest.js';
import { runFiles } from '../../run/run-files.js';
import { isAmount, usableCounts, usableRunCounts } from '../../run/usable-counts.js';
import { readManifest } from '../run/manifest-file.js';
import { missingRun } from '../run/named-run.js';
import { lockHolder } from '../run/run-lock.js';
import { staleStages } from '../run/stale-stages.js';

/**
 * How far a run is:
 * - `done`: every stage is, of the present files;
 * - `at work`: a process writes it;
 * - `stopped`, `failed`: in the stage that it names;
 * - `unfinished`: stages are left that nobody has begun;
 * - `stale`: a stage was done anew, and those after it were not;
 * - `damaged`: run.json, or a folder of the run, cannot be read.
 */
type RunState = 'done' | 'at work' | 'stopped' | 'failed' | 'unfinished' | 'stale' | 'damaged';

/** A run at a glance. */
export interface RunOverview {
  readonly name: string;
  readonly folder: string;
  readonly state: RunState;
  /** The stage that the state is about. */
  readonly stage?: StageName;
  /** What its training begins with, as chosen. */
  readonly model?: string;
  /** Titles after cleaning. */
  readonly titles?: number;
  readonly verdict?: OverfitVerdict;
  /** When a stage was last begun: ISO 8601, UTC. */
  readonly date?: string;
  /** All its files take. */
  readonly bytes: number;
  /** What is wrong, where it is damaged. */
  readonly problem?: string;
}

/** The counts of all finished stages, those left out that are none: {@link unusableNote} names them. */
export function countsOf(manifest: Pick<Manifest, 'stages'>): RunCounts {
  const recorded = finishedStages(manifest).map(([stage, { counts }]) => [stage, counts] as const);
  return usableRunCounts(Object.fromEntries(recorded));
}

/** That figures are missing, of which run.json says nothing that they can be. */
export function unusableNote(manifest: Pick<Manifest, 'stages'>): string | undefined {
  const names = finishedStages(manifest).flatMap(([stage, { counts }]) =>
    usableCounts(stage, counts).faults.map((name) => `${stage}.${name}`),
  );
  if (names.length === 0) return undefined;
  return `run.json has no usable ${names.join(', ')}: what needs it is not shown. It was edited, or written by another version.`;
}

function finishedStages(manifest: Pick<Manifest, 'stages'>): [StageName, StageRecord][] {
  return stageNames.flatMap((stage): [StageName, StageRecord][] => {
    const record = finishedRecord(manifest, stage);
    return record ? [[stage, record]] : [];
  });
}

/** Seconds that a stage took; undefined where what is recorded is no time. */
export const stageSeconds = ({ seconds }: StageRecord): number | undefined =>
  isAmount(seconds) ? seconds : undefined;

/** Seconds that a run's stages took; what is no time counts nothing. */
export function secondsOf({ stages }: Pick<Manifest, 'stages'>): number {
  return Object.values(stages).reduce((sum, record) => sum + (stageSeconds(record) ?? 0), 0);
}

/**
 * Reads the manifest of a run that is named.
 * @throws TitlesmithError where there is none, or it is damaged.
 */
export async function openManifest(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  if (manifest) return manifest;
  throw missingRun(folder);
}

/** What is wrong with a run is part of the overview: one that cannot be read hides no other. */
export async function overviewOf(folder: string): Promise<RunOverview> {
  const name = basename(resolve(folder));
  const size = { bytes: 0 };
  let manifest: Manifest;
  try {
    await addBytesBelow(folder, size);
    manifest = await openManifest(folder);
  } catch (error) {
    if (!(error instanceof TitlesmithError)) throw error;
    return { name, folder, state: 'damaged', bytes: size.bytes, problem: error.toLine() };
  }
  const counts = countsOf(manifest);
  const begun = Object.values(manifest.stages).flatMap(({ startedAt }) =>
    isTime(startedAt) ? [startedAt] : [],
  );
  const model = manifest.decisions.model?.choice;
  const [titles, verdict, date] = [counts.extract?.kept, counts.report?.verdict, begun.sort().at(-1)];
  return {
    name,
    folder,
    ...(await stateOf(folder, manifest)),
    ...(model === undefined ? {} : { model }),
    ...(titles === undefined ? {} : { titles }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(date === undefined ? {} : { date }),
    bytes: size.bytes,
  };
}

/** Whether a text is a time as run.json has it, ISO 8601 in UTC. */
const isTime = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && Number.isFinite(Date.parse(text));

async function stateOf(folder: string, manifest: Manifest): Promise<Pick<RunOverview, 'state' | 'stage'>> {
  const { stages } = manifest;
  const ended = stageNames.find((stage) => stages[stage] !== undefined && stages[stage].status !== 'done');
  const holder = await lockHolder(folder);
  if (holder?.activity === 'written') return { state: 'at work', ...(ended ? { stage: ended } : {}) };
  // A stage that is said to run, without a process, was killed.
  if (ended) return { state: stages[ended]?.status === 'failed' ? 'failed' : 'stopped', stage: ended };
  const missing = stageNames.find((stage) => stages[stage] === undefined);
  if (missing) return { state: 'unfinished', stage: missing };
  const [stale] = staleStages(manifest);
  return stale ? { state: 'stale', stage: stale } : { state: 'done' };
}

/**
 * Adds the bytes of all files below a folder; what goes away meanwhile counts nothing.
 * @throws TitlesmithError where a folder cannot be read, once what can be is counted.
 */
async function addBytesBelow(folder: string, size: { bytes: number }): Promise<void> {
  const added = (await entriesOf(folder)).map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await addBytesBelow(path, size);
    else if (entry.isFile()) {
      // Read before it is added to, as others are added meanwhile.
      const bytes = (await sizeOf(path)) ?? 0;
      size.bytes += bytes;
    }
  });
  const failed = (await Promise.allSettled(added)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw fileError('read', folder, error);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
}

/** Accepted titles that are shown of a run. */
const shownTitles = 10;

/** The first ten titles that a run accepted. @throws TitlesmithError where they cannot be read. */
export function firstAccepted(folder: string): string[] {
  const path = join(folder, runFiles.accepted);
  try {
    const text = readFileSync(path, 'utf8');
    return text.split('\n', shownTitles).filter((line) => line !== '');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw fileError('read', path, error);
  }
}
