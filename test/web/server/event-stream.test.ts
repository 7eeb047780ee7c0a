import { afterEach, expect, test } from 'vitest';
import { EventBroadcast, sendEvents, serverSentEvent } from '../../../src/web/server/event-stream.js';
import { createHttpApp, type HttpApp } from '../../../src/web/server/http-app.js';
import { type ListeningServer, listen } from '../../../src/web/server/listen.js';

const open: ListeningServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start(add: (app: HttpApp) => void): Promise<string> {
  const onInternalError = (error: Error): never => {
    throw error;
  };
  const app = createHttpApp({
    bodyBytes: 1000,
    connections: 10,
    internalErrorHint: 'see the test',
    onInternalError,
  });
  add(app);
  const server = await listen(app, { host: '127.0.0.1', port: 0, portHint: '' });
  open.push(server);
  return server.url;
}

/** The text of an answer as far as it has come. */
function follow(response: Response): { text: string } {
  const followed = { text: '' };
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      followed.text += decoder.decode(chunk, { stream: true });
    }
    followed.text += 'END';
  };
  void read().catch(() => {});
  return followed;
}

test('events are written as the standard says, JSON on one line', () => {
  expect(serverSentEvent({ a: 'b\nc' }, 'name')).toBe('event: name\ndata: {"a":"b\\nc"}\n\n');
  expect(serverSentEvent('[DONE]')).toBe('data: [DONE]\n\n');
});

test('an answer ends with its events', async () => {
  const url = await start((app) => {
    app.get('/', async (_, reply) =>
      sendEvents(
        reply,
        (async function* () {
          yield serverSentEvent(1);
          yield serverSentEvent(2);
        })(),
      ),
    );
  });
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(await response.text()).toBe('data: 1\n\ndata: 2\n\n');
});

test('a broadcast reaches all who listen, forgets who left, and takes no more than it may', async () => {
  const broadcast = new EventBroadcast<number>(2);
  const url = await start((app) => app.get('/', (_, reply) => broadcast.join(reply)));
  const leaving = new AbortController();
  const [one, two] = [await fetch(url), await fetch(url, { signal: leaving.signal })].map(follow);
  expect((await fetch(url)).status).toBe(503);
  broadcast.send(7);
  await expect.poll(() => [one!.text, two!.text]).toEqual([':\n\ndata: 7\n\n', ':\n\ndata: 7\n\n']);
  leaving.abort();
  const statusOfAnother = async (): Promise<number> => {
    const answer = await fetch(url);
    await answer.body?.cancel();
    return answer.status;
  };
  await expect.poll(statusOfAnother).toBe(200);
  broadcast.close();
  await expect.poll(() => one!.text).toBe(':\n\ndata: 7\n\nEND');
});
