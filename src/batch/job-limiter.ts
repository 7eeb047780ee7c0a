import { InterruptedError } from '../common/errors.js';

interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
  readonly fail: (error: Error) => void;
}

/** Limits how many jobs run at a time, by their number and by the memory they take; one may always run. */
export class JobLimiter {
  private running = 0;
  private bytes = 0;
  private readonly queue: Waiting[] = [];

  /**
   * @param jobs most at a time.
   * @param memory bytes that those at work may take together.
   * @param stop once aborted, who waits gets an InterruptedError.
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
   * Runs work when there is room for it, in the order of the calls, but small work goes before work that waits for memory.
   * @throws InterruptedError when it was stopped before it began; what the work throws.
   */
  async run<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    if (this.stop.aborted) throw new InterruptedError();
    await new Promise<void>((begin, fail) => {
      this.queue.push({ bytes, begin, fail });
      this.fill();
    });
    try {
      return await work();
    } finally {
      this.running -= 1;
      this.bytes -= bytes;
      this.fill();
    }
  }

  private fill(): void {
    const fits = ({ bytes }: Waiting): boolean => this.running === 0 || this.bytes + bytes <= this.memory;
    while (this.running < this.jobs) {
      const next = this.queue.findIndex(fits);
      if (next < 0) return;
      const [waiting] = this.queue.splice(next, 1);
      this.running += 1;
      this.bytes += waiting!.bytes;
      waiting!.begin();
    }
  }
}
