import { readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import type { ProgressListener } from '../../common/progress.js';
import { temporaryName } from '../../io/atomic-file.js';
import { makeFolder } from '../../io/folders.js';
import { packageVersion } from '../../io/package-root.js';
import { type StageName, stageNames } from '../../options/choices.js';
import {
  type OptionName,
  optionNames,
  type RunOptions,
  rowOf,
  stagesOf,
} from '../../options/option-table.js';
import { recordOptions } from '../../options/option-values.js';
import {
  type Decisions,
  type Manifest,
  manifestFileName,
  manifestFormatVersion,
  readManifest,
  type StageRecord,
  writeManifest,
} from './manifest.js';
import { type Lock, type LockActivity, lockFileName, lockRun } from './run-lock.js';

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

/** A locked run folder and its manifest, which is saved after every change. */
export class RunFolder {
  private constructor(
    readonly path: string,
    private current: Manifest,
    private readonly lock: Lock,
  ) {}

  /**
   * Opens the run folder `name` below `runsFolder`, or creates it.
   * @param overwrite removes the files of an earlier run. A folder that is not a run folder is never emptied.
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
    const isRun = names?.includes(manifestFileName) || names?.every(isInitialFile);
    if (names && !isRun) {
      throw new TitlesmithError(`${path} is in the way: it holds files, but no ${manifestFileName}.`, {
        code: 'run-folder-foreign',
        hint: 'Choose another --run-name or --runs-dir.',
      });
    }
    await makeFolder(path);
    return RunFolder.lockAndRead(path, onProgress, async () => {
      if (overwrite) await removeContents(path);
      return (await readManifest(path)) ?? newManifest(name);
    });
  }

  /**
   * Opens an existing run folder.
   * @param activity what for, told to others who want it meanwhile.
   * @throws TitlesmithError as {@link openOrCreate}, and when there is no such run.
   */
  static async open(path: string, onProgress: ProgressListener, activity?: LockActivity): Promise<RunFolder> {
    const names = await listFolder(path);
    if (!names?.includes(manifestFileName)) {
      const reason = names ? `it holds no ${manifestFileName}` : 'there is no such folder';
      throw new TitlesmithError(`${path} is not a run folder: ${reason}.`, {
        code: 'run-folder-missing',
        hint: 'Name a folder that "titlesmith pipeline" made, such as runs/askreddit.',
      });
    }
    const read = async (): Promise<Manifest> =>
      (await readManifest(path)) ?? newManifest(basename(resolve(path)));
    return RunFolder.lockAndRead(path, onProgress, read, activity);
  }

  private static async lockAndRead(
    path: string,
    onProgress: ProgressListener,
    read: () => Promise<Manifest>,
    activity?: LockActivity,
  ): Promise<RunFolder> {
    const lock = await lockRun(path, onProgress, undefined, activity);
    try {
      return new RunFolder(path, await read(), lock);
    } catch (error) {
      lock.release();
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

  /**
   * Records the options and decisions, and the version and machine that run them.
   * @param lastStage recorded options that only later stages use are kept.
   */
  async begin(options: RunOptions, decisions: Decisions, lastStage: StageName = 'report'): Promise<void> {
    await this.change({
      titlesmithVersion: packageVersion,
      machine: describeMachine(),
      options: { ...recordOptions(options), ...this.untouchedOptions(lastStage) },
      decisions: { ...this.current.decisions, ...decisions },
    });
  }

  /** Recorded options that only stages after `lastStage` use. */
  private untouchedOptions(lastStage: StageName): Record<string, unknown> {
    const behind = stageNames.slice(stageNames.indexOf(lastStage) + 1);
    const isUntouched = (name: OptionName): boolean => {
      const stages = stagesOf(name);
      if (stages.length === 0) return rowOf(name).group === 'Model' && behind.includes('finetune');
      return stages.every((stage) => behind.includes(stage));
    };
    const names = optionNames.filter((name) => isUntouched(name) && name in this.current.options);
    return Object.fromEntries(names.map((name) => [name, this.current.options[name]]));
  }

  async recordStage(stage: StageName, record: StageRecord): Promise<void> {
    await this.change({ stages: { ...this.current.stages, [stage]: record } });
  }

  private async change(changes: Partial<Manifest>): Promise<void> {
    this.current = { ...this.current, ...changes };
    await writeManifest(this.path, this.current);
  }

  /** Releases the lock. */
  close(): void {
    this.lock.release();
  }
}

/** Whether a file is one of the first of a run: a process killed early may leave only these. */
function isInitialFile(name: string): boolean {
  return name.startsWith(lockFileName) || name === temporaryName(manifestFileName);
}

/** Empties a run folder. The manifest is removed last: if killed before, the rest is still recognised as a run. */
async function removeContents(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name !== lockFileName && name !== manifestFileName);
  for (const name of [...names, manifestFileName]) {
    try {
      await rm(join(folder, name), { recursive: true, force: true });
    } catch (error) {
      throw fileError('remove', join(folder, name), error);
    }
  }
}
