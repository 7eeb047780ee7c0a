import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { serializeError } from '../../common/serialized-error.js';
import { ContinuousBatch } from '../../model/generation/continuous-batch.js';
import type { DecodeSession, PromptCache } from '../../model/transformer/decode-session.js';
import type { ServedModel } from '../served-model.js';
import { loadModels } from './load-models.js';
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
    prefill: (...prompt) => session.prefill(...prompt),
    fill: (slot, cache) => session.fill(slot, cache),
    move: (from, to, length) => session.move(from, to, length),
    step: (input) => meanwhile(session.step(input)),
    ...(draw ? { draw: (input) => meanwhile(draw(input)) } : {}),
    ...(drawnScores ? { drawnScores } : {}),
    dispose: () => session.dispose(),
  };
}

/** Prompts whose caches are kept: as many as one model needs, and two of each further one. */
const promptCachesOf = (models: number): number => 16 + 2 * (models - 1);

async function main(): Promise<void> {
  const { session: loaded, models, load } = await loadModels(workerData as WorkerInput);
  const add = async (served: ServedModel): Promise<void> => {
    const { name } = served;
    try {
      const model = await load(served);
      models.set(name, model);
      send({ kind: 'added', model: name, facts: model.facts });
    } catch (error) {
      send({ kind: 'not added', model: name, error: serializeError(error) });
    }
  };
  const outbox: Outbox = new Outbox(() => runner.busySlots(), send);
  const session = overlapped(loaded, () => outbox.flush());
  let wake: () => void = () => {};
  const batch = new ContinuousBatch(session, promptCachesOf(models.size));
  const runner = new RequestRunner(session, batch, outbox, () => wake());
  let closing = false;

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'close') closing = true;
    else if (message.kind === 'add') void add(message.served);
    else if (message.kind === 'withdraw') runner.withdraw(message.id);
    else runner.begin(message.id, models.get(message.model)!, message.request);
    wake();
  });
  const facts = [...models].map(([name, model]) => [name, model.facts] as const);
  send({ kind: 'ready', facts: new Map(facts) });
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
  await loaded.dispose();
  port.close();
}

try {
  await main();
} catch (error) {
  send({ kind: 'failed', error: serializeError(error) });
  port.close();
}
