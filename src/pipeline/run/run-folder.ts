import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError, usageError } from '../../common/errors.js';
import { packageVersion } from '../../common/package-facts.js';
import type { ProgressListener } from '../../common/progress.js';
import { temporaryName } from '../../io/byte-folder.js';
import { makeFolder, missingFolders, removeEmptyFolders } from '../../io/folders.js';
import type { StageName } from '../../options/choices.js';
import { hashValue } from '../../run/hash-value.js';
import {
  assertManifest,
  finishedRecord,
  type Manifest,
  manifestFileName,
  manifestFormatVersion,
  type StageRecord,
  withoutOutputs,
} from '../../run/manifest.js';
import { type Call, recordCallBegun, recordStageCall } from '../../run/recorded-options.js';
import { lockFileName, runFiles } from '../../run/run-files.js';
import { readManifest, writeManifest } from './manifest-file.js';
import { missingRun } from './named-run.js';
import { type Lock, type LockActivity, lockRun } from './run-lock.js';
import {
  commitWork,
  endSwap,
  moveIntoPlace,
  pendingSwaps,
  type Swap,
  unfinishedFolder,
} from './stage-swap.js';

function newManifest(name: string): Manifest {
  return {
    formatVersion: manifestFormatVersion,
    titlesmithVersion: packageVersion,
    name,
    createdAt: new Date().toISOString(),
    machine: describeMachine(),
    options: {},
    decisions: {},
    stages: {},
  };
}

function describeMachine(): Manifest['machine'] {
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cores: availableParallelism(),
  };
}

async function listFolder(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', folder, error);
  }
}

/** @throws TitlesmithError where a folder of runs is a run itself, whose files others would mix with. */
export function checkRunsFolder(runsFolder: string): void {
  if (!existsSync(join(runsFolder, manifestFileName))) return;
  throw usageError(
    `${runsFolder} is a run, not a folder of runs.`,
    `Name the folder above it: --runs-dir ${dirname(runsFolder)}.`,
  );
}

/** What run.json says once a stage's outputs are in place. */
type FinishedChanges = Pick<Manifest, 'options' | 'decisions' | 'startedOver'> & {
  readonly record: StageRecord;
};

/** A stage that has succeeded. */
interface FinishedStage {
  readonly record: StageRecord;
  /** The call whose options it used, to be recorded; undefined: those recorded stay in force. */
  readonly call: Call | undefined;
  /** Paths relative to the run folder that its outputs replace. */
  readonly replaces: readonly string[];
  /** Stages that a `pipeline --overwrite` has done so far, with this one; undefined for any other call. */
  readonly startedOver: readonly StageName[] | undefined;
}

/**
 * A locked run folder and its manifest, which is saved after every change. Nothing is written before a stage begins: a
 * folder that was made for a run which is then refused is removed again.
 */
export class RunFolder {
  private constructor(
    readonly path: string,
    private current: Manifest,
    readonly lock: Lock,
    /** Folders made by this process, the innermost first. */
    private readonly made: readonly string[],
  ) {}

  /**
   * Opens the run folder `name` below `runsFolder`, or makes it.
   * @param overwrite a damaged run.json is no obstacle, as every stage is to run anew.
   * @throws TitlesmithError when it cannot be written, is in use, is not a run folder, or has a newer format.
   */
  static async openOrCreate(
    runsFolder: string,
    name: string,
    overwrite: boolean,
    onProgress: ProgressListener,
  ): Promise<RunFolder> {
    const path = join(runsFolder, name);
    const names = await listFolder(path);
    const isRun = names?.includes(manifestFileName) || names?.every(isInitialName);
    if (names && !isRun) {
      throw new TitlesmithError(`${path} is in the way: it holds files, but no ${manifestFileName}.`, {
        code: 'run-folder-foreign',
        hint: 'Choose another --run-name or --runs-dir.',
      });
    }
    checkRunsFolder(runsFolder);
    const missing = missingFolders(path);
    await makeFolder(path);
    const read = async (): Promise<Manifest> => {
      try {
        return (await readManifest(path)) ?? newManifest(name);
      } catch (error) {
        const isDamaged = error instanceof TitlesmithError && error.code === 'manifest-damaged';
        if (overwrite && isDamaged) return newManifest(name);
        throw error;
      }
    };
    return RunFolder.lockAndRead(path, onProgress, read, missing);
  }

  /**
   * Opens an existing run folder.
   * @param activity what for, told to others who want it meanwhile.
   * @throws TitlesmithError as {@link openOrCreate}, and when there is no such run.
   */
  static async open(path: string, onProgress: ProgressListener, activity?: LockActivity): Promise<RunFolder> {
    const names = await listFolder(path);
    if (!names?.includes(manifestFileName)) throw missingRun(path);
    const read = async (): Promise<Manifest> =>
      (await readManifest(path)) ?? newManifest(basename(resolve(path)));
    return RunFolder.lockAndRead(path, onProgress, read, [], activity);
  }

  private static async lockAndRead(
    path: string,
    onProgress: ProgressListener,
    read: () => Promise<Manifest>,
    made: readonly string[],
    activity?: LockActivity,
  ): Promise<RunFolder> {
    const lock = await lockRun(path, onProgress, undefined, activity).catch(async (error: unknown) => {
      await removeEmptyFolders(made);
      throw error;
    });
    try {
      const run = new RunFolder(path, await read(), lock, made);
      for (const swap of await pendingSwaps(path)) await run.finishSwap(swap as Swap<FinishedChanges>);
      return run;
    } catch (error) {
      lock.release();
      await removeEmptyFolders(made);
      throw error;
    }
  }

  /** Aborted when another process takes over the run's lock. */
  get lost(): AbortSignal {
    return this.lock.lost;
  }

  get manifest(): Manifest {
    return this.current;
  }

  /** Records that a stage has begun, for a call. @throws TitlesmithError when run.json cannot be written. */
  async beginStage(stage: StageName, record: StageRecord, call: Call): Promise<void> {
    const finished = finishedRecord(this.current, stage);
    await this.change({
      titlesmithVersion: packageVersion,
      machine: describeMachine(),
      ...recordCallBegun(this.current, call),
      stages: { ...this.current.stages, [stage]: { ...record, ...(finished ? { finished } : {}) } },
    });
  }

  /** Records how a stage that has begun ended without success. @throws TitlesmithError when run.json cannot be written. */
  async endStage(stage: StageName, end: Pick<StageRecord, 'status' | 'seconds' | 'error'>): Promise<void> {
    const record = this.current.stages[stage];
    if (record) await this.change({ stages: { ...this.current.stages, [stage]: { ...record, ...end } } });
  }

  /**
   * Puts the outputs of a stage in place of its earlier ones, and records it.
   * @throws TitlesmithError naming a path; either all new outputs count then, or none.
   */
  async finishStage(stage: StageName, { record, call, replaces, startedOver }: FinishedStage): Promise<void> {
    const { options, decisions } = this.current;
    const changes: FinishedChanges = {
      record,
      ...(call ? recordStageCall(this.current, stage, call) : { options, decisions }),
      ...(startedOver ? { startedOver } : {}),
    };
    const swap = { stage, replaces, written: Object.keys(record.outputs ?? {}), changes };
    await commitWork(this.path, swap);
    await this.finishSwap(swap);
  }

  /** Completes a swap that was decided on, also by a process that was killed then. */
  private async finishSwap(swap: Swap<FinishedChanges>): Promise<void> {
    const { stage, changes } = swap;
    const { options, decisions, record, startedOver } = changes;
    const stages = { ...this.current.stages, [stage]: record };
    const { startedOver: _, ...rest } = this.current;
    const changed = { ...rest, options, decisions, stages, ...(startedOver ? { startedOver } : {}) };
    assertManifest(changed, join(this.path, manifestFileName));
    await moveIntoPlace(this.path, swap);
    this.current = changed;
    await writeManifest(this.path, this.current);
    await endSwap(this.path, stage);
  }

  /** Records that a `pipeline --overwrite` has done all its stages. */
  async endStartingOver(): Promise<void> {
    const { startedOver, ...rest } = this.current;
    if (startedOver === undefined) return;
    this.current = rest;
    await writeManifest(this.path, this.current);
  }

  /** Records the files of a stage's outputs anew, after a person's decisions have changed them. */
  async recordOutputs(stage: StageName, outputs: StageRecord['outputs']): Promise<void> {
    const record = this.current.stages[stage];
    if (record?.status !== 'done' || hashValue(record.outputs) === hashValue(outputs)) return;
    await this.change({ stages: { ...this.current.stages, [stage]: { ...record, outputs } } });
  }

  /** No longer records files as outputs of the last time that a stage was done. @throws TitlesmithError when run.json cannot be written. */
  async forgetOutputs(stage: StageName, files: readonly string[]): Promise<void> {
    if (this.current.stages[stage]) await this.change(withoutOutputs(this.current, stage, files));
  }

  private async change(changes: Partial<Manifest>): Promise<void> {
    const changed = { ...this.current, ...changes };
    await writeManifest(this.path, changed);
    this.current = changed;
  }

  /** Releases the lock, and removes the folder if it was made for a run that never began. */
  async close(): Promise<void> {
    this.lock.release();
    await removeEmptyFolders(this.made);
  }
}

/** Whether a name is one of the first in a run folder: a process that is killed early may leave only these. */
function isInitialName(name: string): boolean {
  const initial = [temporaryName(manifestFileName), unfinishedFolder, runFiles.months];
  return name.startsWith(lockFileName) || initial.includes(name);
}
