import type { CachedFiles } from '../site-files.js';

/**
 * Keeps the site's files, so that the page works without a network, and adds the headers that a host of plain files does not send:
 * the policy, and those that isolate the page, without which a browser gives WebAssembly no threads. Answers nothing but requests for
 * the site's own files; all others fail.
 */

/** Written in by the build. */
declare const CACHED_FILES: CachedFiles;

const { version, shell, others, policy } = CACHED_FILES;
const scope = self as unknown as ServiceWorkerGlobalScope;
const root = new URL('./', scope.location.href);
const shellCache = `titlesmith-shell-${version}`;
/** Names hold hashes of the contents: what is kept is right for any version that names it. */
const filesCache = 'titlesmith-files';

const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': policy,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

function withHeaders(response: Response): Response {
  if (response.type === 'error') return response;
  const changed = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers)) changed.set(name, value);
  // The body is unpacked already.
  for (const name of ['Content-Encoding', 'Content-Length']) changed.delete(name);
  return new Response(response.body, {
    status: response.status,
    statusText: response.statusText,
    headers: changed,
  });
}

async function install(): Promise<void> {
  const cache = await caches.open(shellCache);
  // A host may let browsers keep the page for some minutes; the scripts' names hold hashes.
  await cache.addAll(
    shell.map(
      (path) => new Request(new URL(path, root), path.endsWith('.html') ? { cache: 'no-cache' } : {}),
    ),
  );
  await scope.skipWaiting();
}

async function activate(): Promise<void> {
  for (const name of await caches.keys())
    if (name.startsWith('titlesmith-shell-') && name !== shellCache) await caches.delete(name);
  const files = await caches.open(filesCache);
  const known = new Set(others.map((path) => new URL(path, root).href));
  for (const request of await files.keys()) if (!known.has(request.url)) await files.delete(request);
  await scope.clients.claim();
}

/** The page as the host has it now; as it was kept where the host cannot be reached. */
async function answerPage(request: Request): Promise<Response> {
  try {
    const response = await fetch(request, { cache: 'no-cache' });
    if (response.ok) return response;
  } catch {
    // Without a network: below.
  }
  const cache = await caches.open(shellCache);
  return (await cache.match(new URL('index.html', root))) ?? Response.error();
}

async function answerFile(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(shell.includes(path) ? shellCache : filesCache);
  const kept = await cache.match(request.url);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && others.includes(path)) await cache.put(request.url, response.clone());
  return response;
}

async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname.slice(root.pathname.length);
  const isOwn = url.origin === root.origin && url.pathname.startsWith(root.pathname);
  if (!isOwn || request.method !== 'GET') return Response.error();
  if (request.mode === 'navigate') return withHeaders(await answerPage(request));
  return withHeaders(await answerFile(request, path));
}

scope.addEventListener('install', (event) => event.waitUntil(install()));
scope.addEventListener('activate', (event) => event.waitUntil(activate()));
scope.addEventListener('fetch', (event) => event.respondWith(answer(event.request)));
