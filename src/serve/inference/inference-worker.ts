import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { serializeError } from '../../common/serialized-error.js';
import { ContinuousBatch } from '../../model/generation/continuous-batch.js';
import type { DecodeSession, PromptCache } from '../../model/transformer/decode-session.js';
import { loadModel } from './load-model.js';
import { Outbox } from './outbox.js';
import { RequestRunner } from './request-runner.js';
import type { FromWorker, ToWorker, WorkerInput } from './thread-messages.js';

/** The thread that generates: receives requests from InferenceThread, runs them in one batch, and sends back events. */

const port = parentPort!;
const send = (message: FromWorker): void => port.postMessage(message);

/**
 * A session that does `work` while each step computes on other threads; this thread would only wait.
 * @param work must not touch the session.
 */
function overlapped<Cache extends PromptCache>(
  session: DecodeSession<Cache>,
  work: () => void,
): DecodeSession<Cache> {
  const meanwhile = <Result>(running: Promise<Result>): Promise<Result> => {
    work();
    return running;
  };
  const { draw, drawnScores } = session;
  return {
    slots: session.slots,
    capacity: session.capacity,
    vocabularySize: session.vocabularySize,
    prefill: (tokens, temperature, onScores) => session.prefill(tokens, temperature, onScores),
    fill: (slot, cache) => session.fill(slot, cache),
    move: (from, to, length) => session.move(from, to, length),
    step: (input) => meanwhile(session.step(input)),
    ...(draw ? { draw: (input) => meanwhile(draw(input)) } : {}),
    ...(drawnScores ? { drawnScores } : {}),
    dispose: () => session.dispose(),
  };
}

async function main(): Promise<void> {
  const { served, settings } = workerData as WorkerInput;
  const model = await loadModel(served, settings);
  const outbox: Outbox = new Outbox(model.judge, () => batch.busySlots, send);
  const session = overlapped(model.session, () => outbox.flush());
  const batch = new ContinuousBatch(session);
  const runner = new RequestRunner(session, batch, model, served.delimiters, outbox);
  let closing = false;
  let wake: () => void = () => {};

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'close') closing = true;
    else if (message.kind === 'withdraw') runner.withdraw(message.id);
    else runner.begin(message.id, message.request);
    wake();
  });
  send({ kind: 'ready', facts: model.facts });
  while (!closing) {
    if (runner.idle) {
      outbox.flush();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    } else {
      await runner.step();
      // A step whose texts all end at once runs no model; let messages arrive even then.
      await setImmediate();
    }
  }
  await model.session.dispose();
  port.close();
}

try {
  await main();
} catch (error) {
  send({ kind: 'failed', error: serializeError(error) });
  port.close();
}
