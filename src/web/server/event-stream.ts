import { PassThrough, Readable } from 'node:stream';
import { HttpError } from '../http-error.js';
import type { HttpReply } from './http-app.js';

/** One server-sent event (HTML Living Standard, section 9.2). @param data text on one line, or what becomes JSON. */
export function serverSentEvent(data: unknown, name?: string): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${text}\n\n`;
}

/** Answers with server-sent events as they come. @param events as {@link serverSentEvent} writes them; must not throw. */
export function sendEvents(reply: HttpReply, events: AsyncGenerator<string, void, undefined>): HttpReply {
  return sendStream(reply, Readable.from(events, { objectMode: false }));
}

function sendStream(reply: HttpReply, stream: Readable): HttpReply {
  return reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no').send(stream);
}

/** Sends each event to all listeners. */
export class EventBroadcast<Event> {
  private readonly listeners = new Set<PassThrough>();

  /** @param maximum listeners at a time, which bounds the connections kept open. */
  constructor(private readonly maximum: number) {}

  /**
   * Answers with the events from now on, until the client leaves or {@link close}.
   * @throws HttpError 503 when there are too many listeners.
   */
  join(reply: HttpReply): HttpReply {
    if (this.listeners.size >= this.maximum)
      throw new HttpError(503, 'Too many windows are open.', { code: 'overloaded' });
    const stream = new PassThrough();
    this.listeners.add(stream);
    reply.raw.once('close', () => {
      this.listeners.delete(stream);
      stream.destroy();
    });
    // Browsers take the stream as open only after a first byte.
    stream.write(':\n\n');
    return sendStream(reply, stream);
  }

  send(event: Event): void {
    for (const listener of this.listeners) listener.write(serverSentEvent(event));
  }

  /** Ends all answers. */
  close(): void {
    for (const listener of this.listeners) listener.end();
  }
}
