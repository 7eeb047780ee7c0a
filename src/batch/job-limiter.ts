import { InterruptedError } from '../common/errors.js';

interface Waiting {
  readonly bytes: number;
  readonly isBeside: boolean;
  readonly begin: () => void;
  readonly fail: (error: Error) => void;
}

/** Limits the jobs that run at a time, by their number and total memory; one may always run. */
export class JobLimiter {
  private running = 0;
  private bytes = 0;
  private readonly queue: Waiting[] = [];

  /**
   * @param jobs maximum number at a time.
   * @param memory bytes that running jobs may take together.
   * @param stop when aborted, waiting jobs are rejected with an InterruptedError.
   */
  constructor(
    readonly jobs: number,
    readonly memory: number,
    private readonly stop: AbortSignal,
  ) {
    stop.addEventListener('abort', () => {
      for (const waiting of this.queue.splice(0)) waiting.fail(new InterruptedError());
    });
  }

  /**
   * Runs work when there is room for it, in the order of the calls; small jobs may overtake jobs that wait for memory.
   * @param isBeside counts its memory only: it may run beside as many as are allowed, and keeps none of them from running.
   * @throws InterruptedError when stopped before it began; what the work throws.
   */
  async run<Result>(bytes: number, work: () => Promise<Result>, isBeside = false): Promise<Result> {
    if (this.stop.aborted) throw new InterruptedError();
    await new Promise<void>((begin, fail) => {
      this.queue.push({ bytes, isBeside, begin, fail });
      this.fill();
    });
    try {
      return await work();
    } finally {
      if (!isBeside) this.running -= 1;
      this.bytes -= bytes;
      this.fill();
    }
  }

  private fill(): void {
    const fits = ({ bytes, isBeside }: Waiting): boolean =>
      (isBeside || this.running < this.jobs) && (this.running === 0 || this.bytes + bytes <= this.memory);
    for (;;) {
      const next = this.queue.findIndex(fits);
      if (next < 0) return;
      const [waiting] = this.queue.splice(next, 1);
      if (!waiting!.isBeside) this.running += 1;
      this.bytes += waiting!.bytes;
      waiting!.begin();
    }
  }
}
