import { InterruptedError } from '../common/errors.js';
import { formatBytes, formatSeconds } from '../common/number-formats.js';
import { retry } from '../common/retry.js';
import { machineMemory, memoryHolder } from '../pipeline/decide/memory.js';
import { type ChildError, type ChildEvent, type ChildOutcome, runChild } from './child.js';
import { mayPass } from './passing.js';
import type { Slots } from './slots.js';

/** How work is tried, and tried again. */
export interface TryPolicy {
  /** The command line's entry file. */
  readonly entry: string;
  /** Seconds a try may take. */
  readonly deadline: number | undefined;
  readonly retries: number;
  /** Seconds before the first of them. */
  readonly retryPause: number;
  readonly stop: AbortSignal;
}

/** One piece of work: a command line of titlesmith. */
export interface Work {
  readonly arguments: readonly string[];
  /** Bytes it will about take. */
  readonly memory: number;
  readonly logPath: string;
  readonly onStart: () => Promise<void>;
  readonly onEvent: (event: ChildEvent) => void;
  /** Told before the pause. @param seconds until the next try. */
  readonly onRetry: (error: ChildError, seconds: number) => void;
}

export interface Done {
  readonly status: 'done' | 'overfit' | 'failed' | 'interrupted';
  readonly attempts: number;
  /** Seconds at work, pauses left out. */
  readonly seconds: number;
  /** Errors of the last try. */
  readonly errors: readonly ChildError[];
}

/** An end that the process could not explain itself. */
function explain(
  { end, errors, signal, ranOutOfMemory }: ChildOutcome,
  deadline: number | undefined,
): readonly ChildError[] {
  if (end === 'deadline') {
    const message = `It was not done after ${formatSeconds(deadline ?? 0)}, and was stopped.`;
    const hint = 'What it has is saved: the next batch goes on from there. Or allow more with --deadline.';
    return [{ code: 'deadline', message, hint }];
  }
  if (end !== 'signal') return errors;
  if (ranOutOfMemory) {
    const amount = `${memoryHolder()} has ${formatBytes(machineMemory())}`;
    const message = `It was killed, memory having run out: ${amount}.`;
    const hint = 'Lower --batch-size, set recompute or lora-rank, take a smaller model, or another machine.';
    return [...errors, { code: outOfMemory, message, hint }];
  }
  if (signal === 'SIGKILL') {
    const message = 'It was killed from outside (SIGKILL); the system does not say that memory had run out.';
    return [
      ...errors,
      { code: 'killed', message, hint: 'What it has is saved: --resume goes on from there.' },
    ];
  }
  const message = `It crashed (${signal}).`;
  return [...errors, { code: 'crashed', message, hint: 'What it said last stands in .batch/logs.' }];
}

const outOfMemory = 'out-of-memory';

function statusOf({ code, end, errors, result }: ChildOutcome): Done['status'] {
  if (code === 0) return 'done';
  if (end === 'stopped') return 'interrupted';
  if (end === 'deadline') return 'failed';
  if (errors.length === 0 && result?.['overfits'] === true) return 'overfit';
  return errors.some((error) => error.code === 'interrupted') ? 'interrupted' : 'failed';
}

/** A try that failed for reasons which may pass. */
class FailedTry extends Error {
  constructor(
    readonly done: Done,
    readonly ranOutOfMemory: boolean,
  ) {
    super('The try failed.');
  }
}

/**
 * Does work in a process of its own when there is room, again and again while it fails for reasons that may pass, as
 * the policy allows; once more with all memory to itself where that ran out beside others. While it pauses, others have its room.
 */
export async function tryWork(work: Work, slots: Slots, policy: TryPolicy): Promise<Done> {
  let [attempts, seconds] = [0, 0];
  let { memory } = work;
  const tryOnce = async (): Promise<Done> => {
    const outcome = await slots.run(memory, async () => {
      await work.onStart();
      const started = performance.now();
      const ended = await runChild(work.arguments, { ...policy, ...work });
      seconds += (performance.now() - started) / 1000;
      return ended;
    });
    attempts += 1;
    const errors = explain(outcome, policy.deadline);
    const done = { status: statusOf(outcome), attempts, seconds, errors };
    // Where others were at work beside it, it may have room alone.
    const mayBeAlone = slots.jobs > 1 && memory < slots.memory;
    const isWorthAnother = (code: string): boolean => mayPass(code) || (code === outOfMemory && mayBeAlone);
    const passes = errors.length > 0 && errors.every(({ code }) => isWorthAnother(code));
    if (done.status !== 'failed' || !passes) return done;
    if (outcome.ranOutOfMemory) memory = slots.memory;
    throw new FailedTry(done, outcome.ranOutOfMemory);
  };
  const onRetry = (error: unknown, pauseMs: number): void => {
    if (!(error instanceof FailedTry)) return;
    const last = error.done.errors.at(-1)!;
    const alone = error.ranOutOfMemory ? ' Next it has all memory to itself.' : '';
    work.onRetry({ ...last, message: `${last.message}${alone}` }, pauseMs / 1000);
  };
  try {
    return await retry(
      tryOnce,
      { attempts: policy.retries + 1, firstPauseMs: 1000 * policy.retryPause },
      { isPassing: (error) => error instanceof FailedTry, onRetry, signal: policy.stop },
    );
  } catch (error) {
    if (error instanceof FailedTry && !policy.stop.aborted) return error.done;
    if (error instanceof FailedTry || error instanceof InterruptedError) {
      return { status: 'interrupted', attempts, seconds, errors: [] };
    }
    throw error;
  }
}
