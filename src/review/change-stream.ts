import type { ServerResponse } from 'node:http';
import { HttpError, openEventStream } from './http.js';
import type { Change } from './review-state.js';

/** More windows than a person has; bounds the connections that are kept open. */
const maximumWindows = 50;

/** Tells all open windows of every change. */
export class ChangeStream {
  private readonly windows = new Set<ServerResponse>();

  /**
   * Keeps the connection open until the window or the server closes. @throws HttpError 503 when there are
   * too many.
   */
  join(response: ServerResponse): void {
    if (this.windows.size >= maximumWindows) throw new HttpError(503, 'Too many windows are open.');
    openEventStream(response);
    this.windows.add(response);
    response.on('close', () => this.windows.delete(response));
  }

  send(change: Change): void {
    for (const window of this.windows) window.write(`data: ${JSON.stringify(change)}\n\n`);
  }

  close(): void {
    for (const window of this.windows) window.end();
  }
}
