import { TitlesmithError } from '../../../common/errors.js';
import type { GpuDevice } from './web-gpu.js';

/** Schedules work on the device: one at a time, in order. */
export type Enqueue = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Milliseconds that a card's loss may take to be told after work on it has failed. */
const lossDelayMs = 500;

/**
 * The work on a graphics card. A browser may take the card away: its driver is reset, its process ends, the laptop sleeps. Work
 * that waits for it then may never end by itself; here it fails at once, as does all that is asked for later.
 */
export class GpuQueue {
  private last: Promise<unknown> = Promise.resolve();
  /** Undefined as long as the card is there. */
  private loss: TitlesmithError | undefined;
  /** Ends what is at work: one at a time, so that nothing is kept of what has ended. */
  private fail: (error: TitlesmithError) => void = () => {};

  /** @param onLost is called once, when the browser has taken the card away. */
  watch(device: GpuDevice, onLost: () => void): void {
    void device.lost.then(({ message }) => {
      const reason = message.trim().replace(/\s+/g, ' ').replace(/\.$/, '');
      this.loss = new TitlesmithError(
        `The browser took the graphics card away${reason === '' ? '' : ` (${reason})`}.`,
        { code: 'device-lost', hint: 'Open the engine again; what was saved is still there.' },
      );
      this.fail(this.loss);
      onLost();
    });
  }

  /** @throws TitlesmithError `device-lost` once the browser has taken the card away. */
  readonly enqueue: Enqueue = (work) => {
    const run = async (): Promise<Awaited<ReturnType<typeof work>>> => {
      if (this.loss) throw this.loss;
      try {
        return await this.unlessLost(work());
      } catch (error) {
        // The loss may be told after what it causes.
        if (!this.loss) await this.unlessLost(new Promise((resolve) => setTimeout(resolve, lossDelayMs)));
        throw this.loss ?? error;
      }
    };
    const result = this.last.then(run, run);
    this.last = result.catch(() => {});
    return result;
  };

  private unlessLost<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.fail = reject;
      work.then(resolve, reject);
    });
  }
}
