import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { fetchSnapshotInformation } from '../../../../src/model/weights/hub/api.js';
import { hubSettings } from '../../../../src/model/weights/hub/settings.js';
import { findHubModel } from '../../../../src/model/weights/hub/snapshot.js';

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

test.each([
  ['of empty pages', '[]'],
  [
    'of folders',
    JSON.stringify(Array.from({ length: 1000 }, () => ({ type: 'directory', path: 'x', size: 0 }))),
  ],
])('a list %s without an end is refused', async (_, page) => {
  const { address, asked } = await startHub((request, response) => {
    response.setHeader('link', `<${address}${request.url}>; rel="next"`).end(page);
  });
  await expect(namesAt(address)).rejects.toThrow('its list of files does not end');
  expect(asked.length).toBeLessThanOrEqual(1002);
});

test('an answer that unpacks to gigabytes, or never ends, is cut short', async () => {
  const bomb = gzipSync(Buffer.alloc(64 << 20));
  const packed = await startHub((_, response) => response.setHeader('content-encoding', 'gzip').end(bomb));
  await expect(namesAt(packed.address)).rejects.toThrow('an answer of more than 16777216 bytes');
  const endless = await startHub((_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write('['.repeat(1 << 16)));
    };
    response.on('drain', more);
    more();
  });
  await expect(namesAt(endless.address)).rejects.toThrow('an answer of more than 16777216 bytes');
});

test.each(['file:///etc/passwd', 'data:application/json,[]', 'http://127.0.0.1:1/'])(
  'a redirect to %s ends in a line',
  async (location) => {
    const { address } = await startHub((_, response) => response.writeHead(302, { location }).end());
    await expect(namesAt(address)).rejects.toThrow(/^The hub at \S+ cannot be reached \(/);
  },
);

test('names that lead out of the folder of a model are names of no file of it', async () => {
  const { address } = await startHub((_, response) => {
    const names = [
      '../../evil',
      '/etc/evil',
      'a/../../b',
      'config.json/../../x',
      'nul\\u0000',
      'config.json',
    ];
    response.end(JSON.stringify(names.map(entry)));
  });
  const settings = { ...hubSettings({ HF_ENDPOINT: address }), retries: 0 };
  await expect(
    findHubModel({ repository: 'owner/name', revision: 'main' }, settings, () => {}),
  ).rejects.toThrow('owner/name has no');
});

test.each(['{"files": []}', '[null]', '[{"type": "file", "size": 3}]', '"text"', '<html>'])(
  'the answer %s is refused',
  async (answer) => {
    const { address } = await startHub((_, response) => response.end(answer));
    await expect(namesAt(address)).rejects.toThrow(/gives a wrong answer about owner\/name/);
  },
);
