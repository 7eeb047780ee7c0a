import { openStorageFolder } from '../archive/open-storage.js';
import { readText, type StorageFolder } from '../archive/storage.js';
import { TitlesmithError } from '../common/errors.js';
import { packageVersion } from '../common/package-facts.js';
import type { ProgressListener, WorkContext } from '../common/progress.js';
import { checkArgument, completeContext, isText } from '../options/call-arguments.js';
import type { BatchRecord, BatchRunRecord } from '../report/batch/batch-record.js';
import { hashValue } from '../run/hash-value.js';
import { formatBatchPage, formatBatchRecord, parseBatchRecord } from './batch-folder.js';
import type { BatchResult } from './batch-result.js';
import { figuresOf, outcomeOf } from './record-lifecycle.js';

const shardFile = /^batch-(\d+)-of-(\d+)\.json$/;
/** The shards of one batch start within a day of each other. */
const longestSpreadMs = 86_400_000;

const copyAnew = 'Copy it there anew from the machine that wrote it, or remove it.';

async function readRecord(folder: StorageFolder, name: string): Promise<BatchRecord | undefined> {
  const place = await folder.file(name);
  return (await place.exists()) ? parseBatchRecord(await readText(place), place.name, copyAnew) : undefined;
}

/** The runs in the order of the batch file, from which shards take every `count`-th. */
function inOrder(records: readonly BatchRecord[], count: number): BatchRunRecord[] {
  const longest = Math.max(...records.map(({ runs }) => runs.length));
  const positions = Array.from({ length: longest * count }, (_, position) => position);
  return positions.flatMap((position) => {
    const record = records.find(({ shard }) => shard?.index === position % count);
    const run = record?.runs[Math.floor(position / count)];
    return run ? [run] : [];
  });
}

/**
 * Merges the records of all shards into one.
 * @param missing number of shards without a record.
 * @param earlier the merged record that it replaces.
 */
function mergeRecords(
  records: readonly BatchRecord[],
  count: number,
  missing: number,
  earlier: BatchRecord | undefined,
): BatchRecord {
  const begun = records.map(({ startedAt }) => startedAt).sort();
  const ended = records.map(({ finishedAt }) => finishedAt);
  const isOver = missing === 0 && ended.every((time) => time !== null);
  const plan = hashValue(records.map(({ plan: own }) => own));
  const isSameBatch = earlier?.startedAt === begun[0] && earlier?.plan === plan;
  return {
    format: 1,
    titlesmithVersion: packageVersion,
    file: records[0]!.file,
    plan,
    shard: null,
    startedAt: begun[0]!,
    finishedAt: isOver ? (ended.toSorted().at(-1) ?? null) : null,
    seconds: Math.max(...records.map(({ seconds }) => seconds)),
    runs: inOrder(records, count),
    previous: isSameBatch ? earlier.previous : figuresOf(earlier),
  };
}

/** A batch merged from its shards. */
export interface MergedBatch extends BatchResult {
  /** Indices of the shards without a record. */
  readonly missing: readonly number[];
  /** Total number of shards. */
  readonly shards: number;
}

/**
 * Merges the records that a batch's shards wrote to a folder or bucket into one batch.json and batch.html there.
 * @returns the batch as it would be on one machine; `failed` if a shard is missing.
 * @throws TitlesmithError when there are no shards, or of several batches, or a file cannot be read or written.
 */
export async function mergeBatch(
  place: string,
  given: Partial<Pick<WorkContext, 'onProgress'>> = {},
): Promise<MergedBatch> {
  checkArgument('mergeBatch', 'place', place, isText);
  const { onProgress } = completeContext<WorkContext>('mergeBatch', given);
  const folder = await openStorageFolder(place);
  const found = (await folder.list()).flatMap((name) => {
    const match = shardFile.exec(name);
    return match ? [{ name, index: Number(match[1]), count: Number(match[2]) }] : [];
  });
  const [first] = found;
  const hint = 'Shards write them: "titlesmith batch FILE --shard-index 0 --shard-count 4 --results FOLDER".';
  if (!first) {
    throw new TitlesmithError(`${place} holds no batch-0-of-4.json or the like.`, {
      code: 'no-shards',
      hint,
    });
  }
  const { count } = first;
  const odd = found.find((other) => other.count !== count);
  if (odd) {
    throw new TitlesmithError(`${place} holds shards of several batches: ${first.name} and ${odd.name}.`, {
      code: 'shards-mixed',
      hint: 'Move those of the older one away.',
    });
  }
  const records: BatchRecord[] = [];
  for (const { name } of found.sort((a, b) => a.index - b.index)) {
    const record = await readRecord(folder, name);
    if (record) records.push(record);
  }
  const indices = new Set(records.map(({ shard }) => shard?.index));
  const missing = Array.from({ length: count }, (_, index) => index).filter((index) => !indices.has(index));
  warnOfOldShards(records, onProgress);
  const earlier = await readRecord(folder, 'batch.json');
  const merged = mergeRecords(records, count, missing.length, earlier);
  await (await folder.file('batch.json')).write([Buffer.from(formatBatchRecord(merged))]);
  const page = await folder.file('batch.html');
  await page.write([Buffer.from(formatBatchPage(merged))]);
  const outcome = missing.length > 0 ? 'failed' : outcomeOf(merged);
  return { outcome, record: merged, page: page.name, shards: count, missing };
}

function warnOfOldShards(records: readonly BatchRecord[], onProgress: ProgressListener): void {
  const newest = Math.max(...records.map(({ startedAt }) => Date.parse(startedAt)));
  for (const { shard, startedAt } of records) {
    if (newest - Date.parse(startedAt) <= longestSpreadMs) continue;
    const message = `Shard ${shard?.index} is of an earlier batch, begun ${startedAt}.`;
    onProgress({ kind: 'warning', message });
  }
}
