import { parentPort, workerData } from 'node:worker_threads';
import { packError } from '../../common/packed-error.js';
import { loadStage } from './load.js';
import type { StageMessage, StageWorkerData } from './stage-messages.js';

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
