import type { ErrorBody } from '../http-error.js';

/** A request that the server refused, with its own words as the message. */
export class RequestRefused extends Error {
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
  /** What to say when no server answers. */
  readonly whenUnreachable: string;
}

/**
 * Asks the page's own server.
 * @throws RequestRefused when it answers with an error; Error when it does not answer; what `signal` was aborted with.
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
  if (!response.ok) throw await refusalOf(response);
  return response;
}

async function refusalOf(response: Response): Promise<RequestRefused> {
  const body: unknown = await response.json().catch(() => undefined);
  const message =
    (body as Partial<ErrorBody> | undefined)?.error?.message ?? `The server answered ${response.status}.`;
  const wait = response.headers.get('retry-after');
  const soon = response.status === 429 && wait !== null ? ` In about ${wait} s.` : '';
  return new RequestRefused(message + soon, body);
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
