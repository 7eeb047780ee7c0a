import { dirname, join } from 'node:path';
import { fileError, InterruptedError, TitlesmithError } from '../common/errors.js';
import { formatBytes, formatSeconds } from '../common/number-formats.js';
import type { ProgressEvent } from '../common/progress.js';
import type { RunCounts } from '../common/stage-counts.js';
import { writeFileAtomic } from '../io/atomic-file.js';
import { makeFolder } from '../io/folders.js';
import { processBytes } from '../model/training/memory-estimate.js';
import { readManifest } from '../pipeline/run/manifest-file.js';
import type { BatchRecord, BatchRunRecord, RunFigures } from '../report/batch/batch-record.js';
import { AwaitedTitles } from './awaited-titles.js';
import { batchFiles, writeBatchRecord } from './batch-folder.js';
import { type PlannedRun, queryOptionsOf, type SharedQuery, sharedQueries } from './batch-plan.js';
import type { BatchListener } from './batch-result.js';
import { type ChildError, type ChildEvent, toArguments } from './child-process.js';
import type { JobLimiter } from './job-limiter.js';
import { LiveRecord } from './live-record.js';
import type { ResultStore } from './result-store.js';
import { isTransient, type Job, type JobPolicy, runJob } from './run-job.js';

/** The runs of a batch, and the means to run them. */
interface BatchSetup {
  readonly folder: string;
  readonly runs: readonly PlannedRun[];
  readonly limiter: JobLimiter;
  readonly policy: JobPolicy;
  /** Bytes of memory that runs may take together. */
  readonly memory: number;
  readonly results: ResultStore | undefined;
  /** Whether all events of runs are passed on unchanged. */
  readonly passEvents: boolean;
  readonly onProgress: BatchListener;
}

/** Runs all runs of a batch and keeps its record up to date. */
export class BatchRunner {
  /** What each running process is doing, by run name, for the progress line. */
  private readonly activities = new Map<string, string>();
  private readonly live: LiveRecord;

  constructor(
    private readonly setup: BatchSetup,
    begun: BatchRecord,
  ) {
    const write = (record: BatchRecord): Promise<void> => writeBatchRecord(setup.folder, record);
    this.live = new LiveRecord(begun, write, setup.onProgress);
  }

  get record(): BatchRecord {
    return this.live.current;
  }

  /** Runs all unfinished runs. Does not throw when a run fails. */
  async run(): Promise<void> {
    const { runs, onProgress, memory, folder } = this.setup;
    const { live } = this;
    const open = runs.filter(({ name }) => !this.live.isFinished(name));
    for (const run of open) this.live.change(run.name, { status: 'waiting', error: null });
    for (const { name, memory: needed, isTooLarge } of open) {
      if (needed <= memory || isTooLarge) continue;
      const all = formatBytes(memory);
      const message = `needs about ${formatBytes(needed)} of memory, and all runs together may take ${all}: it is run alone.`;
      onProgress({ kind: 'warning', message, run: name });
    }
    // A run does not need its log.
    await makeFolder(dirname(batchFiles.log(folder, 'any'))).catch(() => {});
    await this.fetchResults(open);
    const queries = sharedQueries(open.filter(({ name }) => !live.isFinished(name)));
    const titles = new AwaitedTitles(queries.flatMap((query) => query.runs.map(({ name }) => name)));
    const begin = async (run: PlannedRun): Promise<void> => {
      // Hours may lie between the first and the last of a pass's runs.
      await titles.of(run.name);
      if (!live.isFinished(run.name)) await this.runOne(run);
    };
    await Promise.all([this.extractAll(queries, titles), ...open.map(begin)]);
    await live.end();
  }

  /** Runs the passes that several runs share, one after the other. */
  private async extractAll(queries: readonly SharedQuery[], titles: AwaitedTitles): Promise<void> {
    for (const query of queries) {
      if (!this.setup.policy.stop.aborted) await this.extractTogether(query, titles);
      for (const { name } of query.runs) titles.arrive(name);
    }
  }

  /** Fetches runs that another machine finished. */
  private async fetchResults(runs: readonly PlannedRun[]): Promise<void> {
    const { results, onProgress, policy } = this.setup;
    if (!results) return;
    for (const { name } of runs) {
      if (policy.stop.aborted) return;
      try {
        const isTaken = await results.fetch(name);
        if (isTaken) onProgress({ kind: 'note', message: `taken from ${results.place}`, run: name });
      } catch (error) {
        this.fail(name, toChildError(error));
      }
    }
  }

  /**
   * Extracts the titles of several runs in one pass, beside the runs that have theirs. A permanent error fails its run;
   * others are left to the run to retry.
   */
  private async extractTogether({ runs }: SharedQuery, titles: AwaitedTitles): Promise<void> {
    const { folder, limiter, policy, onProgress } = this.setup;
    const names = runs.map(({ name }) => name);
    const shown = names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '');
    const message = `One pass over the source for ${names.length} runs: ${shown}`;
    onProgress({ kind: 'note', message });
    const subredditFile = batchFiles.names(folder, this.record.shard);
    const options = {
      ...queryOptionsOf(runs[0]!.options),
      subredditFile,
      until: 'extract',
      runsDir: folder,
    } as const;
    const label = names.length > 3 ? `${names.length} runs` : names.join(', ');
    const known = new Set(names);
    const job: Job = {
      arguments: ['pipeline', ...toArguments(options), '--json'],
      memory: processBytes,
      isBeside: true,
      logPath: batchFiles.log(folder, '.titles'),
      onStart: async () => {
        // A command line holds a few thousand names, and a file any number. Runs that have their titles are at work.
        const missing = names.filter((name) => !titles.hasArrived(name));
        await writeFileAtomic(subredditFile, `${missing.join('\n')}\n`);
      },
      onEvent: (event) => {
        if (event.kind === 'result' && typeof event.run === 'string') titles.arrive(event.run);
        this.passOn(label, event);
      },
      onRetry: (error, seconds) => this.showRetry(label, error, seconds),
    };
    const { errors } = await runJob(job, limiter, policy);
    this.activities.delete(label);
    for (const error of errors) {
      const run = error.run;
      // One that was stopped has not failed.
      const isFailure = !isTransient(error.code) && error.code !== 'interrupted';
      if (run !== undefined && known.has(run) && isFailure) this.fail(run, error);
    }
  }

  private fail(name: string, { code, message, hint }: ChildError): void {
    this.live.change(name, { status: 'failed', error: { code, message, hint }, attempts: 1 });
    this.setup.onProgress({ kind: 'error', error: toTitlesmithError({ code, message, hint }), run: name });
  }

  private async runOne({ name, options, memory }: PlannedRun): Promise<void> {
    const { folder, limiter, policy, onProgress, results } = this.setup;
    const before = this.live.run(name);
    const job: Job = {
      arguments: ['pipeline', ...toArguments({ ...options, runsDir: folder }), '--json'],
      memory,
      logPath: batchFiles.log(folder, name),
      onStart: async () => {
        this.live.change(name, { status: 'running' });
        this.activities.set(name, 'starting');
        this.progress();
      },
      onEvent: (event) => this.passOn(name, event),
      onRetry: (error, seconds) => this.showRetry(name, error, seconds),
    };
    const done = await runJob(job, limiter, policy);
    this.activities.delete(name);
    if (done.attempts === 0) {
      // Stopped before it began: what is known of it stays.
      this.live.change(name, { status: 'interrupted' });
      return;
    }
    const [error] = done.errors.slice(-1);
    let { status } = done;
    let fault = status === 'failed' && error ? error : undefined;
    const counted = await readCounts(join(folder, name)).catch(() => null);
    const figures = counted && figuresOf(counted);
    if (results && (status === 'done' || status === 'overfit')) {
      try {
        await results.keep(name);
      } catch (failure) {
        status = 'failed';
        fault = toChildError(failure);
      }
    }
    this.live.change(name, {
      status,
      attempts: before.attempts + done.attempts,
      seconds: Math.round(10 * (before.seconds + done.seconds)) / 10,
      error: fault ? { code: fault.code, message: fault.message, hint: fault.hint } : null,
      figures,
      refusals: counted?.dedupe ? countsAlone(counted.dedupe.rejectedByReason) : null,
      report: figures?.verdict == null ? null : `${name}/report.html`,
    });
    if (fault) onProgress({ kind: 'error', error: toTitlesmithError(fault), run: name });
    else if (status !== 'interrupted')
      onProgress({ kind: 'note', message: describeRun(this.live.run(name)), run: name });
    this.progress();
  }

  /** Passes on a process's events: all of them, or only warnings, with progress merged into the batch's one line. */
  private passOn(name: string, { kind, stage, run, ...event }: ChildEvent): void {
    const { onProgress, passEvents } = this.setup;
    const runName = typeof run === 'string' ? run : name;
    const scope = { run: runName, ...(typeof stage === 'string' ? { stage } : {}) };
    if (passEvents && (kind === 'progress' || kind === 'note' || kind === 'warning')) {
      onProgress({ ...scope, kind, ...event } as unknown as ProgressEvent);
    } else if (kind === 'progress') {
      const { done, total } = event;
      const amount = typeof total === 'number' ? `${done}/${total}` : String(done);
      this.activities.set(name, `${typeof stage === 'string' ? stage : ''} ${amount}`);
      this.progress();
    } else if (kind === 'warning') {
      onProgress({ ...scope, kind, message: String(event['message']) });
    }
  }

  private showRetry(name: string, { message }: ChildError, seconds: number): void {
    this.activities.set(name, 'waiting to try again');
    const text = `${message} Tried again in ${formatSeconds(seconds)}.`;
    this.setup.onProgress({ kind: 'warning', message: text, run: name });
  }

  private progress(): void {
    const detail = [...this.activities].map(([name, what]) => `${name}: ${what}`).join('; ');
    const amount = { ...this.live.progress, unit: 'runs' };
    this.setup.onProgress({ kind: 'progress', label: 'batch', ...amount, detail });
  }
}

function toChildError(error: unknown): ChildError {
  if (error instanceof InterruptedError || !(error instanceof Error)) throw error;
  const known = fileError('keep', 'results', error);
  if (!(known instanceof TitlesmithError)) throw error;
  return { code: known.code, message: known.message, hint: known.hint ?? null };
}

function toTitlesmithError({ code, message, hint }: ChildError): TitlesmithError {
  return new TitlesmithError(message, { code, ...(hint ? { hint } : {}) });
}

/** A finished run in one line. */
function describeRun({ status, seconds, figures }: BatchRunRecord): string {
  const { titles, accepted, generated, verdict } = figures ?? {};
  const parts = [
    `done in ${formatSeconds(seconds)}`,
    ...(titles == null ? [] : [`${titles} titles in`]),
    ...(accepted == null ? [] : [`${accepted} of ${generated} accepted`]),
    ...(verdict == null
      ? []
      : [`the model ${verdict === 'unknown' ? 'is too little tested to judge' : verdict}`]),
    ...(status === 'overfit' ? ['refused for its verdict'] : []),
  ];
  return parts.join(', ');
}

/**
 * What the finished stages of a run counted.
 * @returns null if there is no such run.
 */
async function readCounts(folder: string): Promise<RunCounts | null> {
  const manifest = await readManifest(folder);
  if (!manifest) return null;
  const done = Object.entries(manifest.stages).filter(([, { status }]) => status === 'done');
  return Object.fromEntries(done.map(([stage, record]) => [stage, record.counts]));
}

/** What are counts, of an object that a run's own run.json holds. */
function countsAlone(counts: unknown): Record<string, number> {
  const isCount = (count: unknown): boolean => Number.isSafeInteger(count) && (count as number) >= 0;
  return Object.fromEntries(Object.entries(counts ?? {}).filter(([, count]) => isCount(count)));
}

/** Null for stages that are not done. */
function figuresOf({ extract, finetune, generate, dedupe, report }: RunCounts): RunFigures {
  return {
    titles: extract?.kept ?? null,
    steps: finetune?.steps ?? null,
    validationLoss: finetune?.bestValidationLoss ?? null,
    verdict: report?.verdict ?? null,
    copyShare: report?.copyShare ?? null,
    generated: generate?.generated ?? null,
    accepted: dedupe?.accepted ?? null,
    bitsPerByte: finetune?.bitsPerByte?.model ?? null,
  };
}
