import { InterruptedError } from '../common/errors.js';
import { formatBytes, formatSeconds } from '../common/number-formats.js';
import { retry } from '../common/retry.js';
import { machineMemory, memoryHolder } from '../pipeline/decide/memory.js';
import { type ChildError, type ChildEvent, type ChildOutcome, runChild } from './child-process.js';
import type { JobLimiter } from './job-limiter.js';

/** How jobs are run and retried. */
export interface JobPolicy {
  /** The command line's entry file. */
  readonly entry: string;
  /** Maximum seconds of an attempt. */
  readonly deadline: number | undefined;
  readonly retries: number;
  /** Seconds before the first retry. */
  readonly retryPause: number;
  readonly stop: AbortSignal;
}

/** A titlesmith command line to run. */
export interface Job {
  readonly arguments: readonly string[];
  /** Expected peak memory in bytes. */
  readonly memory: number;
  /** It runs beside the limiter's number of jobs. */
  readonly isBeside?: boolean;
  readonly logPath: string;
  /** Called before each attempt. */
  readonly onStart: () => Promise<void>;
  readonly onEvent: (event: ChildEvent) => void;
  /** Called before the pause. @param seconds until the next attempt. */
  readonly onRetry: (error: ChildError, seconds: number) => void;
}

interface JobResult {
  readonly status: 'done' | 'overfit' | 'failed' | 'interrupted';
  readonly attempts: number;
  /** Seconds at work, without pauses. */
  readonly seconds: number;
  /** Errors of the last attempt. */
  readonly errors: readonly ChildError[];
}

/**
 * Codes of transient errors: a network failure, a busy server, a run that another process has locked, or a process that
 * was killed or crashed, which resumes from what it saved.
 */
const transientCodes: ReadonlySet<string> = new Set([
  'bigquery-network',
  'bigquery-server',
  'bigquery-short',
  'bigquery-cancelled',
  'hub-unreachable',
  'hub-busy',
  'storage-network',
  'run-locked',
  'killed',
  'crashed',
]);

/** Whether a retry may succeed after an error of this code. */
export function isTransient(code: string): boolean {
  return transientCodes.has(code);
}

/** The errors of a process; if it was killed or crashed, with an explanation added. */
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

function statusOf({ code, end, errors, result }: ChildOutcome): JobResult['status'] {
  if (code === 0) return 'done';
  if (end === 'stopped') return 'interrupted';
  if (end === 'deadline') return 'failed';
  if (errors.length === 0 && result?.['overfits'] === true) return 'overfit';
  return errors.some((error) => error.code === 'interrupted') ? 'interrupted' : 'failed';
}

/** An attempt that failed with a transient error. */
class FailedAttempt extends Error {
  constructor(
    readonly result: JobResult,
    readonly ranOutOfMemory: boolean,
  ) {
    super('The attempt failed.');
  }
}

/**
 * Runs a job in a child process when the limiter has room, and retries transient errors as the policy allows. If memory ran
 * out beside other jobs, the retry runs alone. During pauses its room is free for others.
 */
export async function runJob(job: Job, limiter: JobLimiter, policy: JobPolicy): Promise<JobResult> {
  let [attempts, seconds] = [0, 0];
  let { memory } = job;
  const attempt = async (): Promise<JobResult> => {
    const work = async (): Promise<ChildOutcome> => {
      await job.onStart();
      const started = performance.now();
      const ended = await runChild(job.arguments, { ...policy, ...job });
      seconds += (performance.now() - started) / 1000;
      return ended;
    };
    const outcome = await limiter.run(memory, work, job.isBeside);
    attempts += 1;
    const errors = explain(outcome, policy.deadline);
    const result = { status: statusOf(outcome), attempts, seconds, errors };
    // If other jobs may have run beside it, it may fit when run alone.
    const mayBeAlone = limiter.jobs > 1 && memory < limiter.memory;
    const isWorthAnother = (code: string): boolean =>
      isTransient(code) || (code === outOfMemory && mayBeAlone);
    const passes = errors.length > 0 && errors.every(({ code }) => isWorthAnother(code));
    if (result.status !== 'failed' || !passes) return result;
    if (outcome.ranOutOfMemory) memory = limiter.memory;
    throw new FailedAttempt(result, outcome.ranOutOfMemory);
  };
  const onRetry = (error: unknown, pauseMs: number): void => {
    if (!(error instanceof FailedAttempt)) return;
    const last = error.result.errors.at(-1)!;
    const alone = error.ranOutOfMemory ? ' Next it has all memory to itself.' : '';
    job.onRetry({ ...last, message: `${last.message}${alone}` }, pauseMs / 1000);
  };
  try {
    return await retry(
      attempt,
      { attempts: policy.retries + 1, firstPauseMs: 1000 * policy.retryPause },
      { isTransient: (error) => error instanceof FailedAttempt, onRetry, signal: policy.stop },
    );
  } catch (error) {
    if (error instanceof FailedAttempt && !policy.stop.aborted) return error.result;
    if (error instanceof FailedAttempt || error instanceof InterruptedError) {
      return { status: 'interrupted', attempts, seconds, errors: [] };
    }
    throw error;
  }
}
