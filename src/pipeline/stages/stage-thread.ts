import { Worker } from 'node:worker_threads';
import { TitlesmithError } from '../../common/errors.js';
import { unpackError } from '../../common/packed-error.js';
import type { StageCounts } from '../run/manifest.js';
import type { StageContext, StageJob } from './stage.js';
import type { StageMessage, StageWorkerData } from './stage-worker.js';

/**
 * Runs a stage in a thread of its own, so that this thread stays free to draw progress and to handle signals while
 * a stage blocks its own for seconds. The wish to stop crosses as one shared integer, as the thread may be too busy
 * to receive messages.
 * @throws what the stage throws; a TitlesmithError when the thread dies without a word.
 */
export async function runInThread(job: StageJob, { onProgress, signal }: StageContext): Promise<StageCounts> {
  const stopFlag = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const stop = (): void => void Atomics.store(new Int32Array(stopFlag), 0, 1);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const data: StageWorkerData = { job, stopFlag };
  const worker = new Worker(new URL('./stage-worker.js', import.meta.url), { workerData: data });
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (message: StageMessage) => {
        if (message.kind === 'event') onProgress(message.event);
        else if (message.kind === 'done') resolve(message.counts);
        else reject(describeDeath(job, unpackError(message.error)));
      });
      worker.on('error', (error) => reject(describeDeath(job, error)));
      worker.on('exit', (code) =>
        reject(describeDeath(job, new Error(`its thread ended with code ${code}`))),
      );
    });
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** An error that escaped the stage: out of memory is the person's to solve, anything else is a bug. */
function describeDeath(job: StageJob, error: Error): Error {
  const isExhausted = /Array buffer allocation failed|bad_alloc|Failed to allocate memory/i.test(
    error.message,
  );
  if (isExhausted || ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY')) {
    return new TitlesmithError(`The ${job.stage} stage ran out of memory.`, {
      code: 'out-of-memory',
      hint: isExhausted
        ? 'Lower --batch-size, train adapters with --lora-rank 8, or take a smaller model.'
        : 'Lower --limit, or allow more with NODE_OPTIONS=--max-old-space-size=8192 (megabytes).',
      cause: error,
    });
  }
  return error;
}
