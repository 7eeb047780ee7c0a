import type { ErrorBody } from '../http-error.js';

/** An error answer; the message is the server's. */
export class RequestError extends Error {
  constructor(
    message: string,
    /** The whole answer, where it was JSON. */
    readonly body: unknown,
  ) {
    super(message);
  }
}

interface RequestOptions {
  /** Sent as JSON by POST; without it the request is a GET. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The message when no server answers. */
  readonly whenUnreachable: string;
}

/**
 * Sends a request to the page's own server.
 * @throws RequestError for an error answer; Error when the server does not answer; the reason of `signal` when aborted.
 */
export async function request(
  path: string,
  { body, headers, signal, whenUnreachable }: RequestOptions,
): Promise<Response> {
  const sent: RequestInit =
    body === undefined
      ? { headers, signal }
      : {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...headers },
          body: JSON.stringify(body),
          signal,
        };
  let response: Response;
  try {
    response = await fetch(path, sent);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error(whenUnreachable);
  }
  if (!response.ok) throw await toRequestError(response);
  return response;
}

async function toRequestError(response: Response): Promise<RequestError> {
  const body: unknown = await response.json().catch(() => undefined);
  const message =
    (body as Partial<ErrorBody> | undefined)?.error?.message ?? `The server answered ${response.status}.`;
  const wait = response.headers.get('retry-after');
  const soon = response.status === 429 && wait !== null ? ` In about ${wait} s.` : '';
  return new RequestError(message + soon, body);
}

/**
 * The server-sent events of an answer, as `sendEvents` (src/web/server/event-stream.ts) writes them: a name, and JSON
 * on one line. For answers to POST, which EventSource cannot send.
 */
export async function* readEvents<Event extends { readonly name: string; readonly data: unknown }>(
  response: Response,
): AsyncGenerator<Event, void, undefined> {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const name = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (name !== undefined && data !== undefined) yield { name, data: JSON.parse(data) } as Event;
    }
  }
}
