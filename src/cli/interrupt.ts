import { InterruptedError } from '../common/errors.js';
import type { StageContext } from '../pipeline/stages/stage.js';
import { exitCodes } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** Two signals within this time are one key press: npm forwards a Ctrl-C that the terminal has already delivered. */
const sameKeyPressMs = 300;

/** Shown at the first Ctrl-C if the work continues to the end of its step. */
export const stopsAfterStep = 'Stopping after this step; press Ctrl-C again to stop at once.';
const stoppedAtOnce = 'Stopped at once; what was done since the last save is lost.';

/**
 * A signal listener that distinguishes the first key press from the second.
 * @param now milliseconds of a monotonic clock.
 */
export function onKeyPresses<Heard>(
  first: () => void,
  second: (heard: Heard) => void,
  now: () => number,
): (heard: Heard) => void {
  let firstAt: number | undefined;
  return (heard) => {
    if (firstAt === undefined) {
      firstAt = now();
      first();
    } else if (now() - firstAt > sameKeyPressMs) {
      second(heard);
    }
  };
}

/**
 * Ends the process by a signal, as if it were not listened to. `process.exit` waits for every thread, and one may be in a
 * read that never returns, of a pipe that nobody writes to.
 */
function endBy(signal: NodeJS.Signals): void {
  // Releases locks and removes temporary files.
  process.emit('exit', exitCodes.interrupted);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/**
 * Runs work that Ctrl-C and SIGTERM stop: the first aborts its signal, the second ends the process at once, of the signal
 * itself (130 or 143 to a shell). Events are shown on the terminal.
 * @param message shown at the first signal, if any.
 */
export async function interruptible<Result>(
  terminal: Terminal,
  message: string | undefined,
  work: (context: StageContext) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const onSignal = onKeyPresses(
    () => {
      if (message !== undefined && !terminal.isUnread) terminal.show({ kind: 'note', message });
      stop.abort();
    },
    (signal: NodeJS.Signals) => {
      if (message !== undefined) terminal.error(new InterruptedError(stoppedAtOnce));
      endBy(signal);
    },
    () => performance.now(),
  );
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await work({ onProgress: (event) => terminal.show(event), signal: stop.signal });
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** Waits until a signal is aborted. */
export async function untilAborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
