import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { packageRoot } from '../../src/io/package-root.js';
import { runtimeFiles } from '../../src/model/engine/onnxruntime-web/runtime.js';
import { openWatched } from '../report/chromium.js';

/** A page whose worker does what it is told. */
export interface WorkerPage {
  readonly page: Page;
  /** Runs a task of the worker's, by its name; what it takes and gives is JSON. */
  call<Result>(task: string, input?: unknown): Promise<Result>;
  /** Console errors, failed requests, and what the policy forbids. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

interface WorkerPageOptions {
  /** The worker's code: a file below the repository. */
  readonly entry: string;
  /** Whether the page is isolated from other origins. Default: true. */
  readonly isolated?: boolean;
  /** Files that the worker may fetch, by name. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

/** What a page needs that computes: nothing but itself, and WebAssembly. */
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; base-uri 'none'";

/** Sends tasks to the worker, one promise each. */
const pageCode = `
const worker = new Worker('worker.js', { type: 'module' });
const waiting = new Map();
let calls = 0;
worker.onerror = (event) => { console.error(event.message); };
worker.onmessage = ({ data: { call, result, error } }) => {
  const { resolve, reject } = waiting.get(call);
  waiting.delete(call);
  if (error === undefined) resolve(result); else reject(new Error(error));
};
window.callWorker = (task, input) => new Promise((resolve, reject) => {
  waiting.set(++calls, { resolve, reject });
  worker.postMessage({ call: calls, task, input });
});
`;

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
};

async function bundle(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(packageRoot, entry)],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    alias: {
      'csv-parse': 'csv-parse/browser/esm',
      'titlesmith/browser': join(packageRoot, 'src/browser.ts'),
    },
  });
  return outputFiles[0]!.contents;
}

/** A page that is served, and where. */
interface ServedPage {
  readonly root: string;
  close(): Promise<void>;
}

/** Serves `page.html`, whose worker is bundled from `entry`, with ONNX Runtime's files below `assets/`. */
export async function serveWorkerPage({
  entry,
  isolated = true,
  files = new Map(),
}: WorkerPageOptions): Promise<ServedPage> {
  const encoder = new TextEncoder();
  const pages = new Map<string, Uint8Array>([
    ['page.html', encoder.encode('<!doctype html><title>worker</title><script src="page.js"></script>')],
    ['page.js', encoder.encode(pageCode)],
    ['worker.js', await bundle(entry)],
    ...files,
  ]);
  const runtime = new Set<string>(Object.values(runtimeFiles).flat());
  const find = async (name: string): Promise<Uint8Array | undefined> => {
    const file = name.replace(/^assets\//, '');
    if (file === name || !runtime.has(file)) return pages.get(name);
    return readFile(join(packageRoot, 'node_modules/onnxruntime-web/dist', file));
  };
  const isolation = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  };
  const server = createServer(async (request, response) => {
    const name = (request.url ?? '').slice(1);
    const content = await find(name);
    const type = types[name.split('.').at(-1)!] ?? 'application/octet-stream';
    const headers = {
      'Content-Type': type,
      'Content-Security-Policy': policy,
      ...(isolated ? isolation : {}),
    };
    response.writeHead(content ? 200 : 404, headers).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    root,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs a task of the worker of an open page, by its name. */
export async function callWorker<Result>(page: Page, task: string, input?: unknown): Promise<Result> {
  const given = JSON.stringify(input) ?? 'undefined';
  return (await page.evaluate(`callWorker(${JSON.stringify(task)}, ${given})`)) as Result;
}

/** Serves a page as {@link serveWorkerPage}, and opens it. */
export async function openWorkerPage(browser: Browser, options: WorkerPageOptions): Promise<WorkerPage> {
  const { root, close } = await serveWorkerPage(options);
  const { page, faults } = await openWatched(browser, `${root}page.html`, {}, root);
  return {
    page,
    call: (task, input) => callWorker(page, task, input),
    faults,
    close: async () => {
      await page.context().close();
      await close();
    },
  };
}
