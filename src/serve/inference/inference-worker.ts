import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { TitlesmithError } from '../../common/errors.js';
import { serializeError } from '../../common/serialized-error.js';
import type { TitleJudge } from '../../dedupe/title-judge.js';
import { ContinuousBatch } from '../../model/generation/continuous-batch.js';
import { GenerationRequest } from '../../model/generation/generation-request.js';
import type { GeneratedText, Sequence } from '../../model/generation/sequence.js';
import type { DecodeSession, PromptCache } from '../../model/transformer/decode-session.js';
import type { Completion, CompletionRequest } from '../completion.js';
import { fitPrompts } from './fit-prompts.js';
import { loadModel } from './load-model.js';
import type { FromWorker, Rejection, RequestEvent, ToWorker, WorkerInput } from './thread-messages.js';

/** The thread that generates: receives requests from InferenceThread, runs them in one batch, and sends back events. */

const port = parentPort!;
const send = (message: FromWorker): void => port.postMessage(message);

/** An event to be sent; a judged text is compared with the titles just before. */
type QueuedEvent = RequestEvent | { readonly judged: true; readonly event: RequestEvent & { kind: 'text' } };

/** Events not sent yet. They are sent while the model runs, so that neither waits for the other. */
class Outbox {
  private queued: QueuedEvent[] = [];
  private busySlotsSent = 0;

  constructor(
    private readonly judge: TitleJudge | undefined,
    private readonly busySlots: () => number,
  ) {}

  add(event: RequestEvent): void {
    this.queued.push(event);
  }

  addText(id: number, { seed: _, ...text }: GeneratedText, rest: string, judged: boolean): void {
    const event = { kind: 'text', id, text: { ...text, judgement: undefined }, rest } as const;
    this.queued.push(judged ? { judged, event } : event);
  }

  flush(): void {
    const busySlots = this.busySlots();
    if (this.queued.length === 0 && busySlots === this.busySlotsSent) return;
    const events = this.queued.map((each) => ('judged' in each ? this.withJudgement(each.event) : each));
    this.queued = [];
    this.busySlotsSent = busySlots;
    send({ kind: 'events', busySlots, events });
  }

  private withJudgement(event: RequestEvent & { kind: 'text' }): RequestEvent {
    const text: Completion = { ...event.text, judgement: this.judge?.judge(event.text.text) };
    return { ...event, text };
  }
}

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
  const { draw } = session;
  return {
    slots: session.slots,
    capacity: session.capacity,
    vocabularySize: session.vocabularySize,
    prefill: (tokens, temperature) => session.prefill(tokens, temperature),
    fill: (slot, cache) => session.fill(slot, cache),
    move: (from, to, length) => session.move(from, to, length),
    step: (input) => meanwhile(session.step(input)),
    ...(draw ? { draw: (input) => meanwhile(draw(input)) } : {}),
    dispose: () => session.dispose(),
  };
}

async function main(): Promise<void> {
  const { served, settings } = workerData as WorkerInput;
  const model = await loadModel(served, settings);
  const outbox: Outbox = new Outbox(model.judge, () => batch.busySlots);
  const session = overlapped(model.session, () => outbox.flush());
  const batch = new ContinuousBatch(session);
  const requests = new Map<number, GenerationRequest>();
  let closing = false;
  let wake: () => void = () => {};

  const end = (id: number, rejection: Rejection | undefined): void => {
    requests.delete(id);
    outbox.add({ kind: 'end', id, rejection });
  };
  const begin = (id: number, completion: CompletionRequest): void => {
    const fitted = fitPrompts(completion, served.delimiters, model);
    if ('rejection' in fitted) {
      end(id, fitted.rejection);
      return;
    }
    const { options, prompts, promptTokens } = fitted;
    const onToken = (sequence: Sequence): void => {
      const delta = sequence.takeDelta();
      if (delta !== '') outbox.add({ kind: 'delta', id, index: sequence.index, delta });
    };
    const request = new GenerationRequest(
      session,
      model.tokenizer,
      options,
      {
        ...(completion.deltas ? { onToken } : {}),
        onText: (text, rest) =>
          outbox.addText(id, text, rest, completion.judged && model.judge !== undefined),
        onEnd: (error) =>
          end(id, error === undefined ? undefined : { reason: 'failed', message: messageOf(error) }),
      },
      { prompts },
    );
    requests.set(id, request);
    batch.add(request);
    outbox.add({ kind: 'begin', id, promptTokens });
  };
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'close') closing = true;
    else if (message.kind === 'withdraw') {
      const request = requests.get(message.id);
      requests.delete(message.id);
      if (request) batch.remove(request);
    } else {
      try {
        begin(message.id, message.request);
      } catch (error) {
        end(message.id, { reason: 'failed', message: messageOf(error) });
      }
    }
    wake();
  });
  send({ kind: 'ready', facts: model.facts });
  while (!closing) {
    if (batch.idle) {
      outbox.flush();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    } else {
      await batch.step();
      // A step whose texts all end at once runs no model; let messages arrive even then.
      await setImmediate();
    }
  }
  await model.session.dispose();
  port.close();
}

function messageOf(error: unknown): string {
  return error instanceof TitlesmithError ? error.toLine() : String(error);
}

try {
  await main();
} catch (error) {
  send({ kind: 'failed', error: serializeError(error) });
  port.close();
}
