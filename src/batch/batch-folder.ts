import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../common/errors.js';
import { writeFileAtomic } from '../io/atomic-file.js';
import { readClientBundle } from '../io/client-bundle.js';
import { renderBatch } from '../report/batch/batch-page.js';
import { type BatchRecord, type BatchRunRecord, runStatuses } from '../report/batch/batch-record.js';
import { shareChanges } from './share-changes.js';

/** The format of batch.json that this version writes, and the newest it reads. */
const formatVersion = 1;

type RecordShard = BatchRecord['shard'];

/** `batch`, or `batch-2-of-8` for a shard. */
function stem(shard: RecordShard): string {
  return shard ? `batch-${shard.index}-of-${shard.count}` : 'batch';
}

/** Paths of a batch's files in the runs folder. Internal files are in `.batch`, which cannot be the name of a run. */
export const batchFiles = {
  record: (folder: string, shard: RecordShard): string => join(folder, `${stem(shard)}.json`),
  page: (folder: string, shard: RecordShard): string => join(folder, `${stem(shard)}.html`),
  lock: (folder: string, shard: RecordShard): string => join(folder, '.batch', `${stem(shard)}.lock`),
  log: (folder: string, name: string): string => join(folder, '.batch', 'logs', `${name}.log`),
  /** The subreddits of the shared extraction at work. */
  names: (folder: string, shard: RecordShard): string =>
    join(folder, '.batch', `${stem(shard)}-subreddits.txt`),
  /** Records of earlier batches, by their start time. */
  earlier: (folder: string, record: BatchRecord, ending: 'json' | 'html'): string => {
    const time = record.startedAt.replace(/[^0-9A-Za-z]/g, '-');
    return join(folder, '.batch', 'earlier', `${stem(record.shard)}-${time}.${ending}`);
  },
} as const;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isRefusals = (value: unknown): boolean =>
  value == null ||
  (isObject(value) &&
    Object.values(value).every((count) => Number.isSafeInteger(count) && (count as number) >= 0));
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);

function isFigures(value: unknown): boolean {
  if (value === null) return true;
  if (!isObject(value)) return false;
  const { verdict, ...numbers } = value;
  const isKnownVerdict = [null, 'underfits', 'overfits', 'leans', 'healthy', 'unknown'].includes(
    verdict as string | null,
  );
  return isKnownVerdict && Object.values(numbers).every((number) => number === null || isCount(number));
}

/** Whether a path stays inside the folder, as the page's links must. */
const isInnerPath = (path: string): boolean => !/^([\\/]|[A-Za-z][A-Za-z0-9+.-]*:)|\.\.|[\\\0]/.test(path);

function isRunRecord(value: unknown): value is BatchRunRecord {
  if (!isObject(value)) return false;
  const { name, subreddit, status, attempts, seconds, error, figures, refusals, report } = value;
  return (
    typeof name === 'string' &&
    /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name) &&
    isTextOrNull(subreddit) &&
    (runStatuses as readonly unknown[]).includes(status) &&
    isCount(attempts) &&
    isCount(seconds) &&
    (error === null ||
      (isObject(error) &&
        typeof error.code === 'string' &&
        typeof error.message === 'string' &&
        isTextOrNull(error.hint))) &&
    isFigures(figures) &&
    isRefusals(refusals) &&
    (report === null || (typeof report === 'string' && isInnerPath(report)))
  );
}

function isRecord(value: Record<string, unknown>): boolean {
  const { file, plan, shard, startedAt, finishedAt, seconds, runs, previous, titlesmithVersion } = value;
  const isTime = (time: unknown): boolean => typeof time === 'string' && !Number.isNaN(Date.parse(time));
  return (
    [file, plan, titlesmithVersion].every((text) => typeof text === 'string') &&
    (shard === null || (isObject(shard) && isCount(shard.index) && isCount(shard.count))) &&
    isTime(startedAt) &&
    (finishedAt === null || isTime(finishedAt)) &&
    isCount(seconds) &&
    Array.isArray(runs) &&
    runs.every(isRunRecord) &&
    (previous === null ||
      (isObject(previous) &&
        isTime(previous.startedAt) &&
        isObject(previous.figures) &&
        Object.values(previous.figures).every(isFigures)))
  );
}

/**
 * Parses the text of a batch.json.
 * @param path for messages.
 * @param hint what to do where it is none.
 * @throws TitlesmithError when it is not a batch record, or of a newer version.
 */
export function parseBatchRecord(
  text: string,
  path: string,
  hint = 'Move it away to begin a new batch.',
): BatchRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isObject(value) && isCount(value.format) && (value.format as number) > formatVersion) {
    throw new TitlesmithError(`${path} is of a newer titlesmith (format ${value.format}).`, {
      code: 'batch-newer',
      hint: 'Update titlesmith.',
    });
  }
  if (!isObject(value) || value.format !== formatVersion || !isRecord(value)) {
    throw new TitlesmithError(`${path} is damaged: it is no record of a batch.`, {
      code: 'batch-damaged',
      hint,
    });
  }
  return value as unknown as BatchRecord;
}

/** Reads a record; undefined if there is none. @throws TitlesmithError as {@link parseBatchRecord}. */
export async function readBatchRecord(folder: string, shard: RecordShard): Promise<BatchRecord | undefined> {
  const path = batchFiles.record(folder, shard);
  try {
    return parseBatchRecord(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
}

/** The content of batch.json. */
export function formatBatchRecord(record: BatchRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** The content of batch.html. @param base prefix of its links. */
export function formatBatchPage(record: BatchRecord, base = ''): string {
  const { runs, previous } = record;
  const changes = new Map(
    runs.map(({ name, figures }) => [name, shareChanges(previous?.figures[name], figures)] as const),
  );
  return renderBatch(record, { styles: readClientBundle('batch.css'), changes, base });
}

/** Writes batch.json and batch.html, each atomically. @throws TitlesmithError naming the file. */
export async function writeBatchRecord(folder: string, record: BatchRecord): Promise<void> {
  await writeFileAtomic(batchFiles.record(folder, record.shard), formatBatchRecord(record));
  await writeFileAtomic(batchFiles.page(folder, record.shard), formatBatchPage(record));
}

/** Copies a record to those of earlier batches, before a new batch replaces it. */
export async function keepEarlier(folder: string, record: BatchRecord): Promise<void> {
  await writeFileAtomic(batchFiles.earlier(folder, record, 'json'), formatBatchRecord(record));
  await writeFileAtomic(batchFiles.earlier(folder, record, 'html'), formatBatchPage(record, '../'));
}
