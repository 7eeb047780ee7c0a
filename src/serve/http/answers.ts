import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Engine } from '../inference/engine.js';
import type { Submission } from '../inference/submission.js';
import { ServeError } from '../serve-error.js';
import type { ServedText, TextEvent, TextsWanted } from '../served-model.js';

/** Asks the engine; when the client leaves before its answer is complete, the request is withdrawn at once. */
export function submit(engine: Engine, reply: FastifyReply, wanted: TextsWanted): Submission {
  const submission = engine.submit(wanted);
  reply.raw.once('close', () => {
    submission.end('withdrawn', new ServeError(499, 'The client has left.', { code: 'client_left' }));
  });
  return submission;
}

/** A request's texts in the order of their index, and the tokens of each prompt. @throws what ended it. */
export async function collect(
  submission: Submission,
): Promise<{ readonly texts: readonly ServedText[]; readonly promptTokens: readonly number[] }> {
  const texts: ServedText[] = [];
  let promptTokens: readonly number[] = [];
  for await (const event of submission.events()) {
    if (event.kind === 'begin') promptTokens = event.promptTokens;
    else if (event.kind === 'text') texts.push(event.text);
  }
  return { texts: texts.sort((a, b) => a.index - b.index), promptTokens };
}

/** A request that the engine has taken up: nothing can be wrong with it any more. */
export interface Begun {
  readonly promptTokens: readonly number[];
  readonly events: AsyncGenerator<TextEvent, void, undefined>;
}

/** Waits until the engine has taken a request up. @throws what it refuses it for. */
export async function begun(submission: Submission): Promise<Begun> {
  const events = submission.events();
  const first = await events.next();
  const promptTokens = !first.done && first.value.kind === 'begin' ? first.value.promptTokens : [];
  return { promptTokens, events };
}

/** One server-sent event (HTML Living Standard, section 9.2). */
export function serverSentEvent(data: unknown, name?: string): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${text}\n\n`;
}

/** Answers with server-sent events as they come. @param events must not throw. */
export function stream(reply: FastifyReply, events: AsyncGenerator<string, void, undefined>): FastifyReply {
  return reply
    .type('text/event-stream; charset=utf-8')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(events, { objectMode: false }));
}

/** An error in the middle of a stream, whose status has been sent. */
export function streamedError(error: unknown): Readonly<Record<string, unknown>> {
  const shown =
    error instanceof ServeError
      ? error
      : new ServeError(500, 'Something went wrong; the log says what.', { code: 'internal_error' });
  return shown.toBody();
}
