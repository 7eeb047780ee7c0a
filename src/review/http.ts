import type { IncomingMessage, ServerResponse } from 'node:http';
import { commonHeaders, nothingPolicy } from '../web/security.js';

/** Longest request body, in bytes: a decision has about a hundred. */
const maximumBody = 4096;

/** A request that is refused; `status` is the HTTP status code. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Answers with a body. `headers` go before the common ones. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...commonHeaders,
    'Content-Security-Policy': nothingPolicy,
    'Content-Type': type,
    ...headers,
  });
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
}

/** Opens a stream of server-sent events (HTML Living Standard, section 9.2). */
export function openEventStream(response: ServerResponse): void {
  response.writeHead(200, { ...commonHeaders, 'Content-Type': 'text/event-stream; charset=utf-8' });
  // Without a first byte the browser does not take the stream for open.
  response.write(':\n\n');
}

/** A JSON object from the body of a request. @throws HttpError 413, 415, 400. */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  // A form on another site can send no such type without asking first.
  if (request.headers['content-type'] !== 'application/json')
    throw new HttpError(415, 'Send application/json.');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBody) throw new HttpError(413, `Send at most ${maximumBody} bytes.`);
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpError(400, 'The body is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HttpError(400, 'The body is no JSON object.');
  }
  return value as Readonly<Record<string, unknown>>;
}

/**
 * Refuses requests that this machine's own browser did not send on purpose: by another name than the
 * server's (a name that was made to point here), or from a page of another site. @throws HttpError 403.
 */
export function assertOwnRequest(request: IncomingMessage, port: number): void {
  const { host, origin } = request.headers;
  const names = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (host === undefined || !names.includes(host)) throw new HttpError(403, 'Unknown host.');
  if (origin !== undefined && !names.some((name) => origin === `http://${name}`)) {
    throw new HttpError(403, 'Unknown origin.');
  }
  const site = request.headers['sec-fetch-site'];
  if (request.method !== 'GET' && site !== undefined && site !== 'same-origin') {
    throw new HttpError(403, 'Sent from another site.');
  }
}
