import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import {
  folderInPackage,
  type RuntimeFiles,
  runtimeVersion,
  thisSystem,
} from '../../../../src/model/engine/onnxruntime/runtime-files.js';

/** Where npm's registries keep the archive of a package. */
export const archivePath = `/onnxruntime-node/-/onnxruntime-node-${runtimeVersion}.tgz`;

/** Two files of a runtime that is none. */
export const contents: Readonly<Record<string, Buffer>> = {
  'libmade.so.1': Buffer.from('a library\n'.repeat(30_000)),
  'beside.dll': Buffer.from('another\n'.repeat(100)),
};

export const needed: RuntimeFiles = {
  files: Object.entries(contents).map(([name, content]) => ({
    name,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  })) as unknown as RuntimeFiles['files'],
  archiveBytes: 5e6,
};

/** A package's archive: files of another system, those that are wanted, and one behind them. */
export async function makeArchive(files: Readonly<Record<string, Buffer>> = contents): Promise<Buffer> {
  const tar = pack();
  const within = `package/${folderInPackage(thisSystem)}`;
  tar.entry({ name: 'package/bin/napi-v6/other/mips/libmade.so.1' }, 'not this one');
  tar.entry({ name: `${within}/link.so`, type: 'symlink', linkname: '/etc/passwd' });
  for (const [name, content] of Object.entries(files)) tar.entry({ name: `${within}/${name}` }, content);
  tar.entry({ name: `${within}/../../../../../../outside.txt` }, 'outside');
  tar.entry({ name: 'package/last.bin' }, Buffer.alloc(3_000_000, 7));
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks), { level: 0 });
}

/** A registry that answers every request in one way. */
export async function startRegistry(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<{ readonly address: string; readonly asked: IncomingMessage[]; stop(): void }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => answer(request, response, asked.push(request)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    asked,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
