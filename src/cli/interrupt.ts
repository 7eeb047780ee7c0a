import { exitCodes } from '../common/errors.js';

/** Two signals within this time are one key press: npm passes on a Ctrl-C that the terminal has already delivered. */
const sameKeyPressMs = 300;

/** How a person stops the work. */
export interface Interrupt {
  /** One Int32; not 0 once the person asked to stop. Shared with the stages' threads. */
  readonly flag: SharedArrayBuffer;
  requested(): boolean;
  /** Stops listening to signals. */
  dispose(): void;
}

/**
 * Listens to Ctrl-C and SIGTERM: the first asks the work to stop after its current step, the second ends the process
 * at once with exit code 130.
 * @param onFirst called at the first signal, to tell the person what happens.
 */
export function listenForInterrupt(onFirst: () => void): Interrupt {
  const flag = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const view = new Int32Array(flag);
  let firstAt = 0;
  const onSignal = (): void => {
    if (Atomics.load(view, 0) === 0) {
      Atomics.store(view, 0, 1);
      firstAt = performance.now();
      onFirst();
    } else if (performance.now() - firstAt > sameKeyPressMs) {
      process.exit(exitCodes.interrupted);
    }
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    flag,
    requested: () => Atomics.load(view, 0) !== 0,
    dispose: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
