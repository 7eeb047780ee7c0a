import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { sendEvents } from '../../../src/web/server/event-stream.js';
import type { HttpApp } from '../../../src/web/server/http-app.js';
import { type ListeningServer, listen } from '../../../src/web/server/listen.js';
import { newApp } from './new-app.js';

function start(app: HttpApp, port = 0): Promise<ListeningServer> {
  return listen(app, { host: '127.0.0.1', port, portHint: 'Choose another.' });
}

test('closing waits for the answers under way, and for no connection that nothing was asked on', async () => {
  const app = newApp();
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  async function* slowly(): AsyncGenerator<string, void, undefined> {
    yield 'first';
    await finished;
    yield ' last';
  }
  app.get('/', async (_, reply) => sendEvents(reply, slowly()));
  const server = await start(app);
  const silent = connect({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
  await once(silent, 'connect');
  const answer = await fetch(server.url);
  let isClosed = false;
  const closed = server.close().then(() => {
    isClosed = true;
  });
  await once(silent, 'close');
  await expect(fetch(server.url)).rejects.toThrow();
  expect(isClosed).toBe(false);
  finish();
  expect(await answer.text()).toBe('first last');
  await closed;
});

test('a port that is taken and a foreign address are wrong use', async () => {
  const server = await start(newApp());
  const { port } = new URL(server.url);
  await expect(start(newApp(), Number(port))).rejects.toMatchObject({
    code: 'usage',
    message: `--port ${port} cannot be used: another program has it.`,
  });
  await expect(listen(newApp(), { host: '192.0.2.1', port: 0, portHint: '' })).rejects.toMatchObject({
    code: 'usage',
    message: '--host "192.0.2.1" is not an address of this machine.',
  });
  await server.close();
});
