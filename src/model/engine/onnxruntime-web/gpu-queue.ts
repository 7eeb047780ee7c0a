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
  private lost = false;
  private tellLost!: (error: TitlesmithError) => void;
  /** Rejects when the card is lost. */
  private readonly loss = new Promise<never>((_, reject) => {
    this.tellLost = reject;
  });

  constructor() {
    // Nobody may wait for it.
    this.loss.catch(() => {});
  }

  /** @param onLost is called once, when the browser has taken the card away. */
  watch(device: GpuDevice, onLost: () => void): void {
    void device.lost.then(({ message }) => {
      this.lost = true;
      const reason = message.trim().replace(/\s+/g, ' ').replace(/\.$/, '');
      this.tellLost(
        new TitlesmithError(
          `The browser took the graphics card away${reason === '' ? '' : ` (${reason})`}.`,
          {
            code: 'device-lost',
            hint: 'Open the engine again; what was saved is still there.',
          },
        ),
      );
      onLost();
    });
  }

  /** @throws TitlesmithError `device-lost` once the browser has taken the card away. */
  readonly enqueue: Enqueue = (work) => {
    const run = async (): Promise<Awaited<ReturnType<typeof work>>> => {
      if (this.lost) return this.loss;
      try {
        return await Promise.race([work(), this.loss]);
      } catch (error) {
        // The loss may be told after what it causes.
        await Promise.race([this.loss, new Promise((resolve) => setTimeout(resolve, lossDelayMs))]);
        throw error;
      }
    };
    const result = this.last.then(run, run);
    this.last = result.catch(() => {});
    return result;
  };
}
