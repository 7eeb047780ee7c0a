import { TitlesmithError } from '../common/errors.js';
import type { ProgressListener } from '../common/progress.js';
import type { BatchRecord, BatchRunRecord } from '../report/batch/batch-record.js';

/** A write is followed by a pause of this many times its own duration, so that writing takes a twentieth of the time. */
const pauseRatio = 19;

/** Whether a run needs no further attempt in this batch. */
function isFinished({ status }: BatchRunRecord): boolean {
  return status === 'done' || status === 'overfit' || status === 'failed';
}

/**
 * The record of a batch while its runs change. A change takes constant time. The file is written whole, so a write is not
 * made for each change but for all since the last one: what it costs does not grow with the square of the runs. A change
 * that a kill keeps from the file is found again by a resumed batch, in the run's own folder.
 */
export class LiveRecord {
  private readonly started = performance.now();
  private readonly runs: Map<string, BatchRunRecord>;
  private finished: number;
  private hasChanges = false;
  private writing: Promise<void> | undefined;
  private pause: NodeJS.Timeout | undefined;
  private fault: { readonly error: unknown } | undefined;

  /**
   * @param begun the record to begin with.
   * @param write writes a record; a TitlesmithError, such as for a full disk, is only a warning, as the runs continue.
   */
  constructor(
    private readonly begun: BatchRecord,
    private readonly write: (record: BatchRecord) => Promise<void>,
    private readonly onProgress: ProgressListener,
  ) {
    this.runs = new Map(begun.runs.map((run) => [run.name, run]));
    this.finished = begun.runs.filter(isFinished).length;
  }

  /** The record as it is now. */
  get current(): BatchRecord {
    const seconds = this.begun.seconds + (performance.now() - this.started) / 1000;
    return { ...this.begun, runs: [...this.runs.values()], seconds: Math.round(10 * seconds) / 10 };
  }

  /** Number of runs that need no further attempt, and of all. */
  get progress(): { readonly done: number; readonly total: number } {
    return { done: this.finished, total: this.runs.size };
  }

  run(name: string): BatchRunRecord {
    return this.runs.get(name)!;
  }

  isFinished(name: string): boolean {
    return isFinished(this.run(name));
  }

  /** Changes a run; the file follows soon. */
  change(name: string, changes: Partial<BatchRunRecord>): void {
    const before = this.run(name);
    const after = { ...before, ...changes };
    this.runs.set(name, after);
    this.finished += Number(isFinished(after)) - Number(isFinished(before));
    this.hasChanges = true;
    if (this.writing === undefined && this.pause === undefined) this.writing = this.writeOnce();
  }

  /** Ends the writes that follow changes, once the pending one is done. The last record is the caller's to write. */
  async end(): Promise<void> {
    await this.writing;
    clearTimeout(this.pause);
    if (this.fault) throw this.fault.error;
  }

  private async writeOnce(): Promise<void> {
    // All changes of this turn of the event loop go into one write.
    await new Promise((resolve) => setImmediate(resolve));
    const begun = performance.now();
    this.hasChanges = false;
    try {
      await this.write(this.current);
    } catch (error) {
      if (error instanceof TitlesmithError) this.onProgress({ kind: 'warning', message: error.toLine() });
      // No caller waits for this write: `end` throws it.
      else this.fault ??= { error };
    } finally {
      this.writing = undefined;
    }
    this.pause = setTimeout(
      () => {
        this.pause = undefined;
        if (this.hasChanges) this.writing = this.writeOnce();
      },
      pauseRatio * (performance.now() - begun),
    );
  }
}
