import { dirname, join } from 'node:path';
import { fileError, InterruptedError, TitlesmithError } from '../common/errors.js';
import { formatBytes, formatSeconds } from '../common/number-formats.js';
import type { ProgressEvent } from '../common/progress.js';
import type { RunCounts } from '../common/stage-counts.js';
import { makeFolder } from '../io/folders.js';
import { readManifest } from '../pipeline/run/manifest.js';
import type { BatchRecord, BatchRunRecord, RunFigures } from '../report/batch/batch-record.js';
import { batchFiles, writeBatchRecord } from './batch-folder.js';
import { type PlannedRun, queryOptionsOf, type SharedQuery, sharedQueries } from './batch-plan.js';
import type { BatchListener } from './batch-result.js';
import { type ChildError, type ChildEvent, toArguments } from './child-process.js';
import type { JobLimiter } from './job-limiter.js';
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
  private readonly started = performance.now();
  private readonly earlierSeconds: number;
  /** What each running process is doing, by run name, for the progress line. */
  private readonly activities = new Map<string, string>();
  private saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly setup: BatchSetup,
    private current: BatchRecord,
  ) {
    this.earlierSeconds = current.seconds;
  }

  get record(): BatchRecord {
    return this.current;
  }

  /** Runs all unfinished runs. Does not throw when a run fails. */
  async run(): Promise<void> {
    const { runs, onProgress, memory } = this.setup;
    const open = runs.filter(({ name }) => !this.isFinished(name));
    for (const run of open) this.change(run.name, { status: 'waiting', error: null });
    for (const { name, memory: needed, isTooLarge } of open) {
      if (needed <= memory || isTooLarge) continue;
      const all = formatBytes(memory);
      const message = `needs about ${formatBytes(needed)} of memory, and all runs together may take ${all}: it is run alone.`;
      onProgress({ kind: 'warning', message, run: name });
    }
    await this.save();
    await this.fetchResults(open);
    for (const query of sharedQueries(open)) await this.extractTogether(query);
    await Promise.all(open.filter(({ name }) => !this.isFinished(name)).map((run) => this.runOne(run)));
    await this.saving;
  }

  private isFinished(name: string): boolean {
    const { status } = this.runRecord(name);
    return status === 'done' || status === 'overfit' || status === 'failed';
  }

  private runRecord(name: string): BatchRunRecord {
    return this.current.runs.find((run) => run.name === name)!;
  }

  private change(name: string, changes: Partial<BatchRunRecord>): void {
    const runs = this.current.runs.map((run) => (run.name === name ? { ...run, ...changes } : run));
    const seconds = this.earlierSeconds + (performance.now() - this.started) / 1000;
    this.current = { ...this.current, runs, seconds: Math.round(10 * seconds) / 10 };
  }

  /** Writes the record; calls are serialized. An error, such as a full disk, is only a warning: the runs continue. */
  private save(): Promise<void> {
    this.saving = this.saving.then(async () => {
      try {
        await writeBatchRecord(this.setup.folder, this.current);
      } catch (error) {
        if (!(error instanceof TitlesmithError)) throw error;
        this.setup.onProgress({ kind: 'warning', message: error.toLine() });
      }
    });
    return this.saving;
  }

  /** Fetches runs that another machine finished. */
  private async fetchResults(runs: readonly PlannedRun[]): Promise<void> {
    const { results, onProgress } = this.setup;
    if (!results) return;
    for (const { name } of runs) {
      try {
        const isTaken = await results.fetch(name);
        if (isTaken) onProgress({ kind: 'note', message: `taken from ${results.place}`, run: name });
      } catch (error) {
        this.fail(name, toChildError(error));
      }
    }
  }

  /** Extracts the titles of several runs in one pass. A permanent error fails its run; others are left to the run to retry. */
  private async extractTogether({ runs }: SharedQuery): Promise<void> {
    const pending = runs.filter(({ name }) => !this.isFinished(name));
    if (pending.length < 2) return;
    const { folder, limiter, policy, onProgress } = this.setup;
    const names = pending.map(({ name }) => name);
    const message = `One pass over the source for ${names.length} runs: ${names.join(', ')}`;
    onProgress({ kind: 'note', message });
    const options = {
      ...queryOptionsOf(pending[0]!.options),
      subreddit: names,
      until: 'extract',
      runsDir: folder,
    } as const;
    const label = names.length > 3 ? `${names.length} runs` : names.join(', ');
    const job: Job = {
      arguments: ['pipeline', ...toArguments(options), '--json'],
      memory: Math.min(...pending.map(({ memory }) => memory)),
      logPath: await this.logPath('.titles'),
      onStart: async () => {},
      onEvent: (event) => this.passOn(label, event),
      onRetry: (error, seconds) => this.showRetry(label, error, seconds),
    };
    const { errors } = await runJob(job, limiter, policy);
    this.activities.delete(label);
    for (const error of errors) {
      const run = error.run;
      if (run !== undefined && names.includes(run) && !isTransient(error.code)) this.fail(run, error);
    }
    await this.save();
  }

  private fail(name: string, { code, message, hint }: ChildError): void {
    this.change(name, { status: 'failed', error: { code, message, hint }, attempts: 1 });
    this.setup.onProgress({ kind: 'error', error: toTitlesmithError({ code, message, hint }), run: name });
  }

  private async logPath(name: string): Promise<string> {
    const path = batchFiles.log(this.setup.folder, name);
    // A run does not need its log.
    await makeFolder(dirname(path)).catch(() => {});
    return path;
  }

  private async runOne({ name, options, memory }: PlannedRun): Promise<void> {
    const { folder, limiter, policy, onProgress, results } = this.setup;
    const before = this.runRecord(name);
    const job: Job = {
      arguments: ['pipeline', ...toArguments({ ...options, runsDir: folder }), '--json'],
      memory,
      logPath: await this.logPath(name),
      onStart: async () => {
        this.change(name, { status: 'running' });
        this.activities.set(name, 'starting');
        this.progress();
        await this.save();
      },
      onEvent: (event) => this.passOn(name, event),
      onRetry: (error, seconds) => this.showRetry(name, error, seconds),
    };
    const done = await runJob(job, limiter, policy);
    this.activities.delete(name);
    const [error] = done.errors.slice(-1);
    let { status } = done;
    let fault = status === 'failed' && error ? error : undefined;
    const figures = await readFigures(join(folder, name)).catch(() => null);
    if (results && (status === 'done' || status === 'overfit')) {
      try {
        await results.keep(name);
      } catch (failure) {
        status = 'failed';
        fault = toChildError(failure);
      }
    }
    this.change(name, {
      status,
      attempts: before.attempts + done.attempts,
      seconds: Math.round(10 * (before.seconds + done.seconds)) / 10,
      error: fault ? { code: fault.code, message: fault.message, hint: fault.hint } : null,
      figures,
      report: figures?.verdict == null ? null : `${name}/report.html`,
    });
    if (fault) onProgress({ kind: 'error', error: toTitlesmithError(fault), run: name });
    else if (status !== 'interrupted')
      onProgress({ kind: 'note', message: describeRun(this.runRecord(name)), run: name });
    this.progress();
    await this.save();
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
    const { runs } = this.current;
    const done = runs.filter(({ name }) => this.isFinished(name)).length;
    const detail = [...this.activities].map(([name, what]) => `${name}: ${what}`).join('; ');
    const amount = { done, total: runs.length, unit: 'runs' };
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
    ...(status === 'overfit' ? ['refused by --fail-on-overfit'] : []),
  ];
  return parts.join(', ');
}

/**
 * The figures of a run from its run.json; null for stages that are not done.
 * @returns null if there is no such run.
 */
async function readFigures(folder: string): Promise<RunFigures | null> {
  const manifest = await readManifest(folder);
  if (!manifest) return null;
  const done = Object.entries(manifest.stages).filter(([, { status }]) => status === 'done');
  const counts: RunCounts = Object.fromEntries(done.map(([stage, record]) => [stage, record.counts]));
  const { extract, finetune, generate, dedupe, report } = counts;
  return {
    titles: extract?.kept ?? null,
    steps: finetune?.steps ?? null,
    validationLoss: finetune?.bestValidationLoss ?? null,
    verdict: report?.verdict ?? null,
    copyShare: report?.copyShare ?? null,
    generated: generate?.generated ?? null,
    accepted: dedupe?.accepted ?? null,
  };
}
