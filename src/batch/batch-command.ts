import type { Console } from '../cli/terminal.js';
import { type ExitCode, exitCodes, TitlesmithError, usageError } from '../common/errors.js';
import { formatBytes, pluralize } from '../common/number-formats.js';
import { makeFolder } from '../io/folders.js';
import { memoryHolder } from '../pipeline/decide/memory.js';
import { takeLock } from '../pipeline/run/run-lock.js';
import type { BatchRecord } from '../report/batch/batch-record.js';
import { type BatchFile, readBatchFile } from './batch-file.js';
import { batchFiles, keepEarlier, readBatchRecord, writeBatchRecord } from './batch-folder.js';
import { type BatchPlan, planBatch } from './batch-plan.js';
import { usableMemory } from './memory.js';
import { beginRecord, exitCodeOf, finishRecord, resumeRecord, summarize } from './new-record.js';
import { notify } from './notify.js';
import { openResultStore } from './result-store.js';
import { BatchRunner } from './run-batch.js';
import { nextStart, waitUntil } from './schedule.js';
import { type BatchSettings, mergeSettings } from './settings.js';
import { findShard, type Shard } from './shard.js';
import { Slots } from './slots.js';

/** What the command line asks of a batch. */
export interface BatchRequest {
  /** The batch file. */
  readonly file: string;
  /** Settings that come before those of the file. */
  readonly given: Partial<BatchSettings>;
  /** Go on with a batch that was cut short, where there is one. */
  readonly resume: boolean;
  /** The command line's entry file: each run is a process of its own. */
  readonly entry: string;
  /** Asks the batch to stop and save. */
  readonly stop: AbortSignal;
}

/**
 * Runs a batch, or one at each time of its schedule until stopped.
 * @returns 0 when all runs are done; 1 when one failed; 3 when --fail-on-overfit refused one; 130 when stopped.
 * @throws TitlesmithError for a wrong file or setting, or where the folder cannot be written or is in use.
 */
export async function runBatches(request: BatchRequest, console: Console): Promise<ExitCode> {
  const settings = mergeSettings((await readBatchFile(request.file)).settings, request.given);
  const { schedule, timeZone } = settings;
  if (schedule === undefined) return runBatch(request, console);
  if (request.resume && (await isUnfinished(settings))) await runBatch(request, console);
  let last: Date | undefined;
  while (!request.stop.aborted) {
    const next = nextStart(schedule, timeZone, new Date(), last);
    if (!next) throw usageError(`--schedule ${JSON.stringify(schedule)} names no time to come.`);
    const shown = next.toLocaleString('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'long' });
    console.note(`next batch: ${shown}`);
    const waited = await waitUntil(next, request.stop);
    if (waited === 'stopped') break;
    if (waited === 'set back') {
      console.note('the clock was set back');
      continue;
    }
    last = next;
    try {
      await runBatch({ ...request, resume: false }, console);
    } catch (error) {
      // A file that was edited into something wrong, a disk that is full: next time may be better.
      if (!(error instanceof TitlesmithError)) throw error;
      console.error(error);
    }
  }
  return exitCodes.interrupted;
}

async function isUnfinished(settings: BatchSettings): Promise<boolean> {
  const shard = findShard(settings, process.env);
  const record = await readBatchRecord(settings.runsDir, shard ?? null);
  return record !== undefined && record.finishedAt === null;
}

/** One batch, from its file to its record. */
async function runBatch(request: BatchRequest, console: Console): Promise<ExitCode> {
  const file = await readBatchFile(request.file);
  const settings = mergeSettings(file.settings, request.given);
  const shard = findShard(settings, process.env);
  const { runsDir } = settings;
  const lockPath = batchFiles.lock(runsDir, shard ?? null);
  await makeFolder(`${runsDir}/.batch`);
  const guarded = { path: lockPath, what: runsDir, instead: 'choose another --runs-dir' };
  const release = await takeLock(guarded, console.listener({}));
  try {
    return await runLocked(request, { file, settings, shard }, console);
  } finally {
    release();
  }
}

interface Opened {
  readonly file: BatchFile;
  readonly settings: BatchSettings;
  readonly shard: Shard | undefined;
}

async function runLocked(request: BatchRequest, opened: Opened, console: Console): Promise<ExitCode> {
  const { settings, shard } = opened;
  const { runsDir, jobs, deadline, retries, retryPause } = settings;
  const { entry, stop } = request;
  const results =
    settings.results === undefined ? undefined : await openResultStore(settings.results, runsDir);
  const part = shard ?? null;
  const last = (await readBatchRecord(runsDir, part)) ?? (await results?.fetchRecord(part));
  const { plan, record: begun } = await beginOrResume(request, opened, last, console);
  const memory = settings.memory ?? usableMemory();
  if (shard)
    console.note(`shard ${shard.index} of ${shard.count} (${shard.reason}): ${plan.runs.length} runs`);
  const bound = settings.memory === undefined ? `nine tenths of what ${memoryHolder()} has free` : 'as set';
  console.note(
    `${pluralize(plan.runs.length, 'run')}, up to ${jobs} at a time, within ${formatBytes(memory)} of memory, ${bound}`,
  );
  const runner = new BatchRunner(
    {
      folder: runsDir,
      runs: plan.runs,
      slots: new Slots(jobs, memory, stop),
      policy: { entry, deadline, retries, retryPause, stop },
      memory,
      results,
      console,
    },
    begun,
  );
  await runner.run();
  const record = finishRecord(runner.record, new Date());
  await writeBatchRecord(runsDir, record);
  await results?.keepRecord(record);
  const page = batchFiles.page(runsDir, record.shard);
  const summary = summarize(record);
  console.result([summary, `  page       ${page}`], { batch: record, page });
  if (settings.notify !== undefined && !stop.aborted) await tell(settings.notify, record, console);
  return exitCodeOf(record);
}

/**
 * The plan and record to go on with, or new ones in the place of the last. A batch that goes on means the months that it
 * meant when it began.
 */
async function beginOrResume(
  { resume }: BatchRequest,
  { file, settings, shard }: Opened,
  last: BatchRecord | undefined,
  console: Console,
): Promise<{ readonly plan: BatchPlan; readonly record: BatchRecord }> {
  const wasCut = last?.finishedAt === null;
  if (resume && wasCut) {
    const plan = await planBatch(file, shard, new Date(last.startedAt));
    if (last.plan === plan.hash) {
      console.note(`going on with the batch of ${last.startedAt}`);
      return { plan, record: resumeRecord(last) };
    }
  }
  if (resume) {
    const reason = wasCut
      ? 'the batch that was cut short asked for something else'
      : 'no batch was cut short';
    console.note(`a new batch, as ${reason}; runs that are there already go on or are skipped`);
  }
  const now = new Date();
  const plan = await planBatch(file, shard, now);
  if (last) await keepEarlier(settings.runsDir, last);
  return { plan, record: beginRecord(file.path, plan, shard, now, last) };
}

/** That nobody could be told is no fault of the batch. */
async function tell(target: string, record: BatchRecord, console: Console): Promise<void> {
  try {
    await notify(target, { text: `titlesmith ${record.file}: ${summarize(record)}`, batch: record });
  } catch (error) {
    if (!(error instanceof TitlesmithError)) throw error;
    console.event({}, { kind: 'warning', message: error.toLine() });
  }
}
