import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorMessage, packError } from '../../common/packed-error.js';
import type { ProgressEvent } from '../../common/progress.js';
import type { StageCounts } from '../run/manifest.js';
import { loadStage } from './registry.js';
import type { StageJob } from './stage.js';

/** What a stage's thread is started with. */
export interface StageWorkerData {
  readonly job: StageJob;
  /** One Int32; not 0 once the work should stop. Shared, as the thread may be too busy to receive messages. */
  readonly stopFlag: SharedArrayBuffer;
}

/** What a stage's thread sends. */
export type StageMessage =
  | { readonly kind: 'event'; readonly event: ProgressEvent }
  | { readonly kind: 'done'; readonly counts: StageCounts }
  | { readonly kind: 'failed'; readonly error: ErrorMessage };

/** The thread of one stage: runs it, and tells the host what happens. */
async function main(): Promise<void> {
  const { job, stopFlag } = workerData as StageWorkerData;
  const stop = new Int32Array(stopFlag);
  const send = (message: StageMessage): void => parentPort?.postMessage(message);
  try {
    const runStage = await loadStage(job.stage);
    const counts = await runStage(job, {
      onProgress: (event) => send({ kind: 'event', event }),
      signal: {
        get aborted() {
          return Atomics.load(stop, 0) !== 0;
        },
      },
    });
    send({ kind: 'done', counts });
  } catch (error) {
    send({ kind: 'failed', error: packError(error) });
  }
}

await main();
