import { TitlesmithError, usageError } from '../common/errors.js';
import { formatBytes, pluralize } from '../common/number-formats.js';
import { makeFolder } from '../io/folders.js';
import { type ArgumentRules, checkArguments, completeContext, isText } from '../options/call-arguments.js';
import type { BatchSettings } from '../options/option-table.js';
import { defaultsOf } from '../options/option-values.js';
import { batchSettings } from '../options/table/batch.js';
import { availableMemory, memoryHolder } from '../pipeline/decide/memory.js';
import { checkRunsFolder } from '../pipeline/run/run-folder.js';
import { takeLock } from '../pipeline/run/run-lock.js';
import type { BatchRecord } from '../report/batch/batch-record.js';
import { type BatchFile, readBatchFile } from './batch-file.js';
import { batchFiles, keepEarlier, readBatchRecord, writeBatchRecord } from './batch-folder.js';
import { type BatchPlan, planBatch } from './batch-plan.js';
import type { BatchContext, BatchOutcome, BatchResult } from './batch-result.js';
import { BatchRunner } from './batch-runner.js';
import { JobLimiter } from './job-limiter.js';
import { notify } from './notification.js';
import { beginRecord, finishRecord, outcomeOf, resumeRecord, summarize } from './record-lifecycle.js';
import { openResultStore } from './result-store.js';
import { nextStart, waitUntil } from './schedule.js';
import { findShard, type Shard } from './shard.js';

/** Default share of the available memory that runs may take together. */
const usableShare = 0.9;

/** Arguments of {@link runBatches}. */
export interface BatchRequest {
  /** The batch file. */
  readonly file: string;
  /** Settings that override those of the file. */
  readonly settings: Partial<BatchSettings>;
  /** Resume the last batch if it is unfinished. */
  readonly resume: boolean;
  /** The command line's entry file, which each run's child process is started with. */
  readonly entry: string;
  /** Whether all events of runs are passed on unchanged, rather than merged into one line of progress. */
  readonly passEvents?: boolean;
}

const batchArguments: ArgumentRules = {
  file: isText,
  settings: {
    accepts: (value) => typeof value === 'object' && value !== null,
    fault: 'is no object of settings',
    required: true,
  },
  resume: { type: 'boolean' },
  entry: isText,
  passEvents: { type: 'boolean' },
};

/**
 * Runs a batch, or one at each time of its schedule until stopped. Each result is reported as an event.
 * @returns how the batch ended; always `interrupted` with a schedule.
 * @throws TitlesmithError when the file or a setting is wrong, or the folder cannot be written or is in use.
 */
export async function runBatches(
  given: BatchRequest,
  givenContext: Partial<BatchContext> = {},
): Promise<BatchOutcome> {
  const request = checkArguments('runBatches', given, batchArguments);
  checkArguments('runBatches: settings', request.settings, batchSettings);
  const context = completeContext<BatchContext>('runBatches', givenContext);
  const { onProgress, signal } = context;
  const file = await readBatchFile(request.file);
  const settings = settingsOf(file, request);
  const { schedule, timeZone } = settings;
  if (schedule === undefined) return runBatch(request, file, context);
  if (request.resume && (await isUnfinished(settings))) await runBatch(request, file, context);
  let last: Date | undefined;
  while (!signal.aborted) {
    const now = new Date();
    const next = nextStart(schedule, timeZone, now, last);
    if (!next) throw usageError(`--schedule ${JSON.stringify(schedule)} names no time to come.`);
    const shown = next.toLocaleString('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'long' });
    onProgress({ kind: 'note', message: `next batch: ${shown}` });
    const waited = await waitUntil(next, now, signal);
    if (waited === 'stopped') break;
    if (waited === 'set back') {
      onProgress({ kind: 'note', message: 'the clock was set back' });
      continue;
    }
    last = next;
    try {
      await runBatch({ ...request, resume: false }, await readBatchFile(request.file), context);
    } catch (error) {
      // Say, an error in the edited file or a full disk: it may be fixed by the next time.
      if (!(error instanceof TitlesmithError)) throw error;
      onProgress({ kind: 'error', error });
    }
  }
  return 'interrupted';
}

/** Settings of the request, else of the file, else the defaults. */
function settingsOf(file: BatchFile, request: BatchRequest): BatchSettings {
  return { ...defaultsOf(batchSettings), ...file.settings, ...request.settings };
}

async function isUnfinished(settings: BatchSettings): Promise<boolean> {
  const shard = findShard(settings, process.env);
  const record = await readBatchRecord(settings.runsDir, shard ?? null);
  return record !== undefined && record.finishedAt === null;
}

/** One batch, from its file to its record. */
async function runBatch(
  request: BatchRequest,
  file: BatchFile,
  context: BatchContext,
): Promise<BatchOutcome> {
  const settings = settingsOf(file, request);
  const shard = findShard(settings, process.env);
  const { runsDir } = settings;
  const lockPath = batchFiles.lock(runsDir, shard ?? null);
  checkRunsFolder(runsDir);
  await makeFolder(`${runsDir}/.batch`);
  const lockTarget = { path: lockPath, what: runsDir, instead: 'choose another --runs-dir' };
  const lock = await takeLock(lockTarget, context.onProgress);
  const signal = AbortSignal.any([context.signal, lock.lost]);
  try {
    const result = await runLocked(request, { file, settings, shard }, { ...context, signal });
    context.onProgress({ kind: 'batch', result });
    const { notify: target } = settings;
    if (target !== undefined && !signal.aborted) await sendNotification(target, result.record, context);
    return result.outcome;
  } finally {
    lock.release();
  }
}

interface BatchInputs {
  readonly file: BatchFile;
  readonly settings: BatchSettings;
  readonly shard: Shard | undefined;
}

async function runLocked(
  request: BatchRequest,
  inputs: BatchInputs,
  { onProgress, signal: stop }: BatchContext,
): Promise<BatchResult> {
  const note = (message: string): void => onProgress({ kind: 'note', message });
  const { settings, shard } = inputs;
  const { runsDir, jobs, deadline, retries, retryPause } = settings;
  const { entry, passEvents = false } = request;
  const results =
    settings.results === undefined ? undefined : await openResultStore(settings.results, runsDir);
  const shardOrNull = shard ?? null;
  const last = (await readBatchRecord(runsDir, shardOrNull)) ?? (await results?.fetchRecord(shardOrNull));
  const { plan, record: begun } = await beginOrResume(request, inputs, last, { onProgress, signal: stop });
  const memory = settings.memory ?? Math.floor(usableShare * availableMemory());
  if (shard) note(`shard ${shard.index} of ${shard.count} (${shard.reason}): ${plan.runs.length} runs`);
  const bound = settings.memory === undefined ? `nine tenths of what ${memoryHolder()} has free` : 'as set';
  note(
    `${pluralize(plan.runs.length, 'run')}, up to ${jobs} at a time, within ${formatBytes(memory)} of memory, ${bound}`,
  );
  const runner = new BatchRunner(
    {
      folder: runsDir,
      runs: plan.runs,
      limiter: new JobLimiter(jobs, memory, stop),
      policy: { entry, deadline, retries, retryPause, stop },
      memory,
      results,
      passEvents,
      onProgress,
    },
    begun,
  );
  await runner.run();
  const record = finishRecord(runner.record, new Date());
  await writeBatchRecord(runsDir, record);
  await results?.keepRecord(record);
  const page = batchFiles.page(runsDir, record.shard);
  return { outcome: outcomeOf(record), record, page };
}

/**
 * The plan and record of the batch to resume, or new ones that replace the last. In a resumed batch, relative months are
 * relative to its original start.
 */
async function beginOrResume(
  { resume }: BatchRequest,
  { file, settings, shard }: BatchInputs,
  last: BatchRecord | undefined,
  context: BatchContext,
): Promise<{ readonly plan: BatchPlan; readonly record: BatchRecord }> {
  const note = (message: string): void => context.onProgress({ kind: 'note', message });
  const wasInterrupted = last?.finishedAt === null;
  if (resume && wasInterrupted) {
    const plan = await planBatch(file, shard, new Date(last.startedAt), context);
    if (last.plan === plan.hash) {
      note(`going on with the batch of ${last.startedAt}`);
      return { plan, record: resumeRecord(last) };
    }
  }
  if (resume) {
    const reason = wasInterrupted
      ? 'the batch that was cut short asked for something else'
      : 'no batch was cut short';
    note(`a new batch, as ${reason}; runs that are there already go on or are skipped`);
  }
  const now = new Date();
  const plan = await planBatch(file, shard, now, context);
  if (last) await keepEarlier(settings.runsDir, last);
  return { plan, record: beginRecord(file.path, plan, shard, now, last) };
}

/** Sends the notification; a failure is only a warning. */
async function sendNotification(
  target: string,
  record: BatchRecord,
  { onProgress }: Pick<BatchContext, 'onProgress'>,
): Promise<void> {
  try {
    await notify(target, { text: `titlesmith ${record.file}: ${summarize(record)}`, batch: record });
  } catch (error) {
    if (!(error instanceof TitlesmithError)) throw error;
    onProgress({ kind: 'warning', message: error.toLine() });
  }
}
