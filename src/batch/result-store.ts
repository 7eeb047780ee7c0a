import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportLocked } from '../archive/export-run.js';
import { importFrom } from '../archive/import-run.js';
import { openStorageFolder } from '../archive/open-storage.js';
import { readText, type StorageFolder } from '../archive/storage.js';
import { fileError, systemErrorCode } from '../common/errors.js';
import { silentContext } from '../common/progress.js';
import { RunFolder } from '../pipeline/run/run-folder.js';
import type { BatchRecord } from '../report/batch/batch-record.js';
import { manifestFileName } from '../run/manifest.js';
import { runFiles } from '../run/run-files.js';
import { batchFiles, formatBatchPage, formatBatchRecord, parseBatchRecord } from './batch-folder.js';

/** Files that can be opened without unpacking the archive. */
const shown = [runFiles.reportPage, runFiles.accepted] as const;

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
}

/**
 * Stores finished runs for other machines in a folder or bucket: of each run its archive, report and accepted titles, and
 * last its run.json, which marks the others as complete.
 */
export class ResultStore {
  constructor(
    private readonly folder: StorageFolder,
    private readonly runsDir: string,
  ) {}

  get place(): string {
    return this.folder.name;
  }

  /** Fetches a run that is stored but not on this machine yet. @returns whether it was fetched. @throws TitlesmithError */
  async fetch(name: string): Promise<boolean> {
    if (await readIfThere(join(this.runsDir, name, manifestFileName))) return false;
    if (!(await (await this.folder.file(`${name}/${manifestFileName}`)).exists())) return false;
    const archive = await this.folder.file(`${name}/run.tar.gz`);
    await importFrom(archive, { runsDir: this.runsDir, runName: name, overwrite: false }, silentContext);
    return true;
  }

  /** Stores a run, unless it is stored in this state already. @throws TitlesmithError */
  async keep(name: string): Promise<void> {
    const own = await readIfThere(join(this.runsDir, name, manifestFileName));
    const kept = await this.folder.file(`${name}/${manifestFileName}`);
    if (!own || ((await kept.exists()) && (await readText(kept)) === own.toString('utf8'))) return;
    const run = await RunFolder.open(join(this.runsDir, name), silentContext.onProgress);
    try {
      await exportLocked(run, await this.folder.file(`${name}/run.tar.gz`), silentContext);
      for (const file of shown) {
        const content = await readIfThere(join(run.path, file));
        if (content) await (await this.folder.file(`${name}/${file}`)).write([content]);
      }
      await kept.write([own]);
    } finally {
      await run.close();
    }
  }

  /** Stores the record of a batch, for `batch merge` and for the next batch. @throws TitlesmithError */
  async keepRecord(record: BatchRecord): Promise<void> {
    const path = (file: string): string => file.replaceAll('\\', '/');
    const [json, page] = [batchFiles.record('', record.shard), batchFiles.page('', record.shard)].map(path);
    await (await this.folder.file(json!)).write([Buffer.from(formatBatchRecord(record))]);
    await (await this.folder.file(page!)).write([Buffer.from(formatBatchPage(record))]);
  }

  /** The record stored last; undefined if there is none. @throws TitlesmithError */
  async fetchRecord(shard: BatchRecord['shard']): Promise<BatchRecord | undefined> {
    const place = await this.folder.file(batchFiles.record('', shard).replaceAll('\\', '/'));
    return (await place.exists()) ? parseBatchRecord(await readText(place), place.name) : undefined;
  }
}

/** Opens a folder or `gs://bucket/folder`. @throws TitlesmithError */
export async function openResultStore(place: string, runsDir: string): Promise<ResultStore> {
  return new ResultStore(await openStorageFolder(place), runsDir);
}
