import { parentPort, Worker, workerData } from 'node:worker_threads';
import { systemFault, TitlesmithError } from '../../common/errors.js';
import type { ProgressEvent } from '../../common/progress.js';
import { deserializeError, type SerializedError, serializeError } from '../../common/serialized-error.js';
import type { StageCounts } from '../../run/manifest.js';
import { loadStage } from './load-stage.js';
import type { StageContext, StageJob } from './stage.js';

/** Data passed to a stage's worker thread. */
interface StageWorkerData {
  /** Marks a worker started by this file, which is its own entry point. */
  readonly thread: 'stage';
  readonly job: StageJob;
  /** One Int32, non-zero once the stage should stop. Shared, as the thread may be too busy to receive messages. */
  readonly stopFlag: SharedArrayBuffer;
}

/** Messages from a stage's thread. */
type StageMessage =
  | { readonly kind: 'begin' }
  | { readonly kind: 'event'; readonly event: ProgressEvent }
  | { readonly kind: 'done'; readonly counts: StageCounts }
  | { readonly kind: 'failed'; readonly error: SerializedError };

/** Answer to the message `begin`. */
const begun = 'begun';

/**
 * Runs a stage in a worker thread, so that this thread can draw progress and handle signals while the stage blocks for
 * seconds.
 * @param onBegin called when nothing is left that the stage could refuse, before it writes.
 * @throws what the stage or `onBegin` throws; a TitlesmithError when it ran out of memory.
 */
export async function runInThread(
  job: StageJob,
  { onProgress, signal }: StageContext,
  onBegin: () => Promise<void>,
): Promise<StageCounts> {
  const stopFlag = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const stop = (): void => void Atomics.store(new Int32Array(stopFlag), 0, 1);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const data: StageWorkerData = { thread: 'stage', job, stopFlag };
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (message: StageMessage) => {
        if (message.kind === 'event') onProgress(message.event);
        else if (message.kind === 'begin') onBegin().then(() => worker.postMessage(begun), reject);
        else if (message.kind === 'done') resolve(message.counts);
        else reject(toStageError(job, deserializeError(message.error)));
      });
      worker.on('error', (error) => reject(toStageError(job, error)));
      worker.on('exit', (code) => reject(toStageError(job, new Error(`its thread ended with code ${code}`))));
    });
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** The error of a failed stage or thread; one for lack of memory is replaced by advice on what to do. */
function toStageError(job: StageJob, error: Error): unknown {
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
  return systemFault(error);
}

/** Runs a stage in this worker thread and posts its events and outcome to the parent. */
async function runInThisThread({ job, stopFlag }: StageWorkerData): Promise<void> {
  const stop = new Int32Array(stopFlag);
  const send = (message: StageMessage): void => parentPort?.postMessage(message);
  try {
    const runStage = await loadStage(job.stage);
    const counts = await runStage(job, {
      begin: () =>
        new Promise((resolve) => {
          parentPort?.once('message', () => resolve());
          send({ kind: 'begin' });
        }),
      onProgress: (event) => send({ kind: 'event', event }),
      signal: {
        get aborted() {
          return Atomics.load(stop, 0) !== 0;
        },
      },
    });
    send({ kind: 'done', counts });
  } catch (error) {
    send({ kind: 'failed', error: serializeError(error) });
  }
}

const threadData = workerData as Partial<StageWorkerData> | null;
// Not awaited: CommonJS could not require a module that does so at its top. It never rejects.
if (threadData?.thread === 'stage') void runInThisThread(threadData as StageWorkerData);
