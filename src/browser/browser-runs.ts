import { TitlesmithError, usageError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { checkArgument, completeContext, isText, required } from '../options/call-arguments.js';
import type { RunOptions } from '../options/option-table.js';
import { recordOptions } from '../options/option-values.js';
import { runOptions } from '../options/table/run.js';
import { formatManifest, type Manifest, manifestFileName, parseManifest } from '../run/manifest.js';
import { type RunArchive, unpackRunFiles } from './run/archived-run.js';
import { runOptionsOf } from './run/browser-options.js';
import type { BrowserRun } from './run/browser-run.js';
import { RunRecord } from './run/run-record.js';
import { StoredRun } from './run/stored-run.js';
import { type FileStore, storeBelow } from './storage/file-store.js';
import { MemoryStore } from './storage/memory-store.js';
import { type FolderHandle, OriginStore } from './storage/origin-store.js';
import { readTextOf } from './storage/stored-text.js';

/** The folder of the origin's private file system that holds the runs. */
const runsFolder = 'titlesmith-runs';
/** Where an archive is unpacked before it becomes a run; no run is called so. */
const unpackingFolder = '.unpacking';

/** What is used of the browser here; each part may be missing. */
interface Surroundings {
  readonly navigator?: {
    readonly storage?: { getDirectory?(): Promise<FolderHandle> };
    readonly locks?: {
      request(
        name: string,
        options: { readonly signal: AbortSignal },
        use: () => Promise<void>,
      ): Promise<void>;
      query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
    };
  };
  readonly FileSystemFileHandle?: { readonly prototype: object };
}

const surroundings = globalThis as unknown as Surroundings;

const lockPrefix = 'titlesmith run ';

/** Milliseconds that a lock is waited for: a tab that was just closed or loaded again gives its own up when its worker has ended. */
const lockPatience = 3000;

/** Takes the lock of a run until the returned function is called, or the tab is gone. @throws TitlesmithError where another tab keeps it. */
async function lockRun(name: string): Promise<() => void> {
  const { locks } = surroundings.navigator ?? {};
  if (!locks) return () => {};
  const signal = AbortSignal.timeout(lockPatience);
  return new Promise((resolve, reject) => {
    const use = (): Promise<void> => new Promise((release) => resolve(release));
    locks.request(`${lockPrefix}${name}`, { signal }, use).catch((cause: unknown) => {
      if (!signal.aborted) return reject(cause);
      const message = `Another tab or worker has the run ${name} open.`;
      reject(
        new TitlesmithError(message, { code: 'run-locked', hint: 'Close it there, then open it here.' }),
      );
    });
  });
}

/** The runs of an origin, each in a folder of its own. */
export class BrowserRuns {
  /**
   * @param areKept whether they outlive the tab; else they are in memory alone.
   * @param reason why, for people.
   */
  constructor(
    private readonly store: FileStore,
    readonly areKept: boolean,
    readonly reason: string,
  ) {}

  /** What run.json of each run says; one that cannot be read is left out. */
  async list(): Promise<readonly Manifest[]> {
    const manifests: Manifest[] = [];
    for (const { path } of await this.store.list()) {
      const [name = '', file, ...deeper] = path.split('/');
      if (file !== manifestFileName || deeper.length > 0) continue;
      const text = (await readTextOf(this.store, path)) ?? '';
      try {
        manifests.push(parseManifest(text, `${name}/${manifestFileName}`));
      } catch (error) {
        if (!(error instanceof TitlesmithError)) throw error;
      }
    }
    return manifests;
  }

  /** Names of the runs that are open now, here or in another tab; none where the browser does not tell. */
  async namesInUse(): Promise<ReadonlySet<string>> {
    const { held = [] } = (await surroundings.navigator?.locks?.query()) ?? {};
    const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(lockPrefix));
    return new Set(names.map((name) => name.slice(lockPrefix.length)));
  }

  /**
   * Makes a run.
   * @param options by their names in code; those left out by default, or decided by the model that is trained.
   * @throws TitlesmithError `usage` when the name or an option is wrong, or there is a run of that name.
   */
  async create(name: string, options: Partial<RunOptions> = {}): Promise<BrowserRun> {
    checkArgument('create', 'name', name, required(isText));
    checkArgument('create', 'name', name, runOptions.runName);
    const checked = runOptionsOf('create', options);
    const release = await lockRun(name);
    try {
      const files = await this.unusedFolder(name);
      return new StoredRun(files, await RunRecord.create(files, name, recordOptions(checked)), release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Opens a run. @throws TitlesmithError when there is none of that name, another tab has it open, or its run.json is damaged. */
  async open(name: string): Promise<BrowserRun> {
    const release = await lockRun(name);
    try {
      const files = storeBelow(this.store, name);
      return new StoredRun(files, await RunRecord.open(files, name), release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Removes a run with all its files. @throws TitlesmithError where another tab has it open. */
  async remove(name: string): Promise<void> {
    const release = await lockRun(name);
    await this.store.remove(name).finally(release);
  }

  /**
   * Opens an archive of a run, made here or by "titlesmith export", as a run of this browser. All is checked before the run appears.
   * @param runName its new name. Default: as in the archive.
   * @throws TitlesmithError `archive-refused` saying why; `usage` for a wrong name, or where there is a run of that name;
   *   InterruptedError.
   */
  async import(archive: RunArchive, runName?: string, given: Partial<WorkContext> = {}): Promise<BrowserRun> {
    checkArgument('import', 'runName', runName, runOptions.runName);
    const context = completeContext<WorkContext>('import', given);
    const release = await lockRun(unpackingFolder);
    try {
      const unpacked = storeBelow(this.store, unpackingFolder);
      const manifest = await unpackRunFiles(archive, unpacked, context);
      const name = runName ?? manifest.name;
      checkArgument('import', 'runName', name, runOptions.runName);
      return await this.install(unpacked, { ...manifest, name });
    } finally {
      await this.store.remove(unpackingFolder);
      release();
    }
  }

  /** Gives unpacked files to a run that is not there yet; it is once its run.json is written. */
  private async install(unpacked: FileStore, manifest: Manifest): Promise<BrowserRun> {
    const { name } = manifest;
    const release = await lockRun(name);
    try {
      const files = await this.unusedFolder(name);
      for (const { path } of await unpacked.list())
        await this.store.move(`${unpackingFolder}/${path}`, `${name}/${path}`);
      await files.write(manifestFileName, [formatManifest(manifest)]);
      return new StoredRun(files, await RunRecord.open(files, name), release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The folder of a run that is to be made, without what a killed import left. @throws TitlesmithError `usage` where there is a run. */
  private async unusedFolder(name: string): Promise<FileStore> {
    const files = storeBelow(this.store, name);
    if ((await readTextOf(files, manifestFileName)) !== undefined)
      throw usageError(`There is a run ${name} already.`, 'Choose another name, or remove it.');
    await this.store.remove(name);
    return files;
  }
}

/** Why the origin's private file system cannot be used here; undefined where it can. */
function shortage({ navigator, FileSystemFileHandle }: Surroundings): string | undefined {
  if (!navigator?.storage?.getDirectory) return 'this browser gives sites no file system of their own';
  const methods = FileSystemFileHandle?.prototype ?? {};
  if (!('createSyncAccessHandle' in methods))
    return 'only a worker of a page may write files, and this is none';
  return 'move' in methods ? undefined : 'this browser cannot give a file another name once it is whole';
}

/**
 * Opens the runs of this origin: in its private file system, or, where that cannot be, in memory alone; `areKept` and `reason`
 * say which, and why. To be called in a worker.
 */
export async function openBrowserRuns(): Promise<BrowserRuns> {
  const missing = shortage(surroundings);
  if (missing !== undefined) return new BrowserRuns(new MemoryStore(), false, missing);
  try {
    const root = await surroundings.navigator!.storage!.getDirectory!();
    const folder = await root.getDirectoryHandle(runsFolder, { create: true });
    return new BrowserRuns(new OriginStore(folder), true, "kept in this site's own file system");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return new BrowserRuns(new MemoryStore(), false, `the browser refuses its file system (${why})`);
  }
}

/** Runs in memory alone, as for a page that is to leave nothing behind. */
export function openMemoryRuns(): BrowserRuns {
  return new BrowserRuns(new MemoryStore(), false, 'kept in memory, as was asked for');
}
