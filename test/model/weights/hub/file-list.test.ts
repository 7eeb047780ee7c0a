import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { fetchSnapshotInformation } from '../../../../src/model/weights/hub/api.js';
import { hubSettings } from '../../../../src/model/weights/hub/settings.js';

const commit = 'c'.repeat(40);
const entry = (path: string): object => ({ type: 'file', path, size: 3, oid: 'a'.repeat(40) });

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A hub whose list of files is answered by `list`. */
async function startHub(
  list: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ address: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    if (request.url!.includes('/revision/')) response.end(JSON.stringify({ sha: commit }));
    else list(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const namesAt = async (address: string): Promise<string[]> => {
  const settings = { ...hubSettings({ HF_ENDPOINT: address, HF_TOKEN: 'secret' }), retries: 0 };
  const { files } = await fetchSnapshotInformation('owner/name', 'main', settings);
  return files.map(({ name }) => name);
};

test('a list of several pages is read to its end', async () => {
  const { address, asked } = await startHub((request, response) => {
    const page = Number(/cursor=(\d)/.exec(request.url!)?.[1] ?? 0);
    const next = `<${address}${request.url!.replace(/&cursor=\d/, '')}&cursor=${page + 1}>; rel="next"`;
    if (page < 2) response.setHeader('link', `<${address}/first>; rel="first", ${next}`);
    response.end(JSON.stringify([{ type: 'directory', path: 'onnx', size: 0 }, entry(`${page}.json`)]));
  });
  expect(await namesAt(address)).toEqual(['0.json', '1.json', '2.json']);
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(Array(4).fill('Bearer secret'));
});

test('a list that goes on at another address is refused, and that address is not asked', async () => {
  const other = await startHub((_, response) => response.end('[]'));
  const { address } = await startHub((_, response) => {
    response.setHeader('link', `<${other.address}/api>; rel="next"`).end(JSON.stringify([entry('a.json')]));
  });
  await expect(namesAt(address)).rejects.toThrow('its list of files goes on at another address');
  expect(other.asked).toEqual([]);
});

test.each(['{"files": []}', '[null]', '[{"type": "file", "size": 3}]', '"text"', '<html>'])(
  'the answer %s is refused',
  async (answer) => {
    const { address } = await startHub((_, response) => response.end(answer));
    await expect(namesAt(address)).rejects.toThrow(/gives a wrong answer about owner\/name/);
  },
);
