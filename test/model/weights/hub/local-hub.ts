import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative, sep } from 'node:path';
import type { HubSettings } from '../../../../src/model/weights/hub/settings.js';

/** What goes wrong with one answer. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number }
  /** The connection breaks after so many bytes of the answer. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** The answer ends politely after so many bytes, as long as it said it would be. */
  | { readonly kind: 'short'; readonly bytes: number }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'longer' }
  /** The whole file, though a part was asked for. */
  | { readonly kind: 'ignoresRange' }
  | { readonly kind: 'wrongRange' }
  /** Headers and nothing more. */
  | { readonly kind: 'silence' };

export interface Recorded {
  readonly method: string;
  readonly server: 'hub' | 'cdn';
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

interface StoredFile {
  readonly content: Buffer;
  /** Large files: their content comes from another server, their hash is of the content alone. */
  readonly large: boolean;
}

export const commit = '0123456789abcdef0123456789abcdef01234567';

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const gitHash = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

async function listen(server: Server, host: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

/**
 * Speaks the part of the Hugging Face hub's HTTP interface that downloads use, over two servers as the real
 * one does.
 */
export class LocalHub {
  readonly requests: Recorded[] = [];
  /** Faults by file name (or `api`), one an answer, in order. */
  readonly faults = new Map<string, Fault[]>();
  /** A token that must be given, where one is needed. */
  requiredToken: string | undefined;
  readonly files = new Map<string, StoredFile>();
  endpoint = '';
  private cdnOrigin = '';
  private readonly hub = createServer((request, response) => this.answerHub(request, response));
  private readonly cdn = createServer((request, response) => this.answerCdn(request, response));

  private constructor(readonly repository: string) {}

  /** Serves the files of a folder as a repository. */
  static async start(folder: string, repository = 'someone/tiny-gpt2'): Promise<LocalHub> {
    const local = new LocalHub(repository);
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path).split(sep).join('/');
      local.files.set(name, { content: readFileSync(path), large: /\.(safetensors|onnx)$/.test(name) });
    }
    local.endpoint = await listen(local.hub, '127.0.0.1');
    local.cdnOrigin = await listen(local.cdn, 'localhost');
    return local;
  }

  async stop(): Promise<void> {
    for (const server of [this.hub, this.cdn]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Settings that lead here, without waiting between tries. */
  settings(cacheFolder: string, rest: Partial<HubSettings> = {}): HubSettings {
    const base = { endpoint: this.endpoint, cacheFolder, token: undefined, offline: false };
    return { ...base, stallTimeoutMs: 20_000, retries: 3, retryDelayMs: 0, ...rest };
  }

  /** Requests for a file's content at whichever server sends it. */
  contentRequests(name: string): Recorded[] {
    const server = this.files.get(name)?.large ? 'cdn' : 'hub';
    return this.requests.filter((request) => request.server === server && request.path.endsWith(`/${name}`));
  }

  private record(server: Recorded['server'], request: IncomingMessage): string {
    const path = new URL(request.url ?? '', 'http://x').pathname;
    const { range, authorization } = request.headers;
    this.requests.push({ method: request.method ?? '', server, path, range, authorization });
    return path;
  }

  private takeFault(name: string): Fault | undefined {
    return this.faults.get(name)?.shift();
  }

  private answerHub(request: IncomingMessage, response: ServerResponse): void {
    const path = this.record('hub', request);
    const fault = path.startsWith('/api/') ? this.takeFault('api') : undefined;
    if (fault?.kind === 'status') return void response.writeHead(fault.status).end();
    if (this.requiredToken && request.headers.authorization !== `Bearer ${this.requiredToken}`) {
      return void response.writeHead(401).end('{"error":"Invalid username or password."}');
    }
    const json = (value: unknown): void =>
      void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    const api = `/api/models/${this.repository}`;
    if (path === `${api}/revision/main` || path === `${api}/revision/${commit}`) {
      const siblings = [...this.files.keys()].map((rfilename) => ({ rfilename }));
      return void json({ _id: '1', id: this.repository, sha: commit, private: false, siblings });
    }
    if (path === `${api}/tree/${commit}`) {
      return void json(this.tree((request.url ?? '').includes('recursive=true')));
    }
    const resolvePath = new RegExp(`^/${this.repository}/resolve/(?:main|${commit})/(.+)$`).exec(path);
    const name = decodeURIComponent(resolvePath?.[1] ?? '');
    const file = this.files.get(name);
    if (!file) return void response.writeHead(404, { 'X-Error-Code': 'RepoNotFound' }).end();
    const size = { 'X-Linked-Size': file.content.length, 'X-Repo-Commit': commit };
    if (file.large) {
      const headers = {
        ...size,
        Location: `${this.cdnOrigin}/blob/${name}`,
        'X-Linked-ETag': `"${sha256(file.content)}"`,
      };
      return void response.writeHead(302, headers).end();
    }
    for (const [header, value] of Object.entries(size)) response.setHeader(header, value);
    this.send(request, response, name, file.content);
  }

  private answerCdn(request: IncomingMessage, response: ServerResponse): void {
    const name = this.record('cdn', request).replace('/blob/', '');
    const file = this.files.get(name);
    if (!file) return void response.writeHead(404).end();
    this.send(request, response, name, file.content);
  }

  private tree(recursive: boolean): unknown[] {
    const listed = [...this.files].filter(([path]) => recursive || !path.includes('/'));
    const entries = listed.map(([path, { content, large }]) => {
      const entry = { type: 'file', path, size: content.length, oid: gitHash(content) };
      return large
        ? { ...entry, lfs: { oid: sha256(content), size: content.length, pointerSize: 130 } }
        : entry;
    });
    return [{ type: 'directory', path: 'onnx', size: 0, oid: gitHash(Buffer.alloc(0)) }, ...entries];
  }

  private send(request: IncomingMessage, response: ServerResponse, name: string, content: Buffer): void {
    const fault = request.method === 'HEAD' ? undefined : this.takeFault(name);
    if (fault?.kind === 'status') return void response.writeHead(fault.status).end();
    const ranged =
      fault?.kind === 'ignoresRange' ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = Number(ranged?.[1] ?? 0);
    if (start >= content.length && ranged) return void response.writeHead(416).end();
    let body = Buffer.from(content.subarray(start));
    if (fault?.kind === 'damaged') body[body.length >> 1]! ^= 1;
    if (fault?.kind === 'longer') body = Buffer.concat([body, Buffer.from('more')]);
    const short = fault?.kind === 'short' ? body.subarray(0, fault.bytes) : body;
    const first = fault?.kind === 'wrongRange' ? start + 1 : start;
    const headers = {
      ETag: `"${gitHash(content)}"`,
      'Accept-Ranges': 'bytes',
      'Content-Length': short.length,
      ...(ranged ? { 'Content-Range': `bytes ${first}-${content.length - 1}/${content.length}` } : {}),
    };
    response.writeHead(ranged ? 206 : 200, headers);
    if (request.method === 'HEAD') return void response.end();
    if (fault?.kind === 'silence') return void response.flushHeaders();
    if (fault?.kind !== 'cut') return void response.end(short);
    response.write(body.subarray(0, fault.bytes), () => response.destroy());
  }
}
