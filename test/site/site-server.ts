import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** A request that came, and the bytes of its body. */
interface Received {
  readonly method: string;
  readonly path: string;
  readonly bodyBytes: number;
}

/**
 * A host of plain files as GitHub Pages is one: below a path, compressing text, letting browsers keep files for ten minutes, and
 * with no header for isolation or policy.
 */
export class SiteServer {
  readonly received: Received[] = [];
  /** Bytes of all bodies that were sent. */
  sent = 0;
  private server: Server | undefined;

  constructor(private readonly folder: string) {}

  /** The address of the site. */
  get url(): string {
    const { port } = this.server!.address() as AddressInfo;
    return `http://localhost:${port}/name/`;
  }

  /** @param port that of an earlier start, to be found again; 0: any. */
  async start(port = 0): Promise<void> {
    this.server = createServer((request, response) => {
      void this.answer(request).then(({ status, headers, body }) => {
        this.sent += body.length;
        response.writeHead(status, headers).end(body);
      });
    });
    await new Promise<void>((resolve) => this.server!.listen(port, 'localhost', resolve));
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private async answer(request: IncomingMessage): Promise<{
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
  }> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    let bodyBytes = 0;
    for await (const chunk of request) bodyBytes += (chunk as Buffer).length;
    this.received.push({ method: request.method ?? '', path: pathname, bodyBytes });
    const path = normalize(pathname.replace(/^\/name\//, '').replace(/^$/, 'index.html'));
    const content = await readFile(join(this.folder, path)).catch(() => undefined);
    if (!content || !pathname.startsWith('/name/'))
      return { status: 404, headers: {}, body: Buffer.from('no') };
    const type = types[extname(path)];
    const headers = { 'Content-Type': type ?? 'application/octet-stream', 'Cache-Control': 'max-age=600' };
    if (type === undefined) return { status: 200, headers, body: content };
    return { status: 200, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: gzipSync(content) };
  }
}
