import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isSecret } from '../../web/security.js';
import { ServeError } from '../serve-error.js';
import type { AppContext } from './context.js';

const loopbackNames = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return ['localhost', '127.0.0.1', '::1'].includes(host);
}

/**
 * Refuses what no client of ours sends: requests without a host, requests by a foreign name to a server of this machine
 * alone (a name that was made to point here), and scripts of other sites, unless their origin is allowed.
 */
function assertWelcome({ headers }: FastifyRequest, { settings }: AppContext): void {
  const { host, origin } = headers;
  if (host === undefined || host === '' || host.length > 300)
    throw new ServeError(400, 'The Host header is missing or too long.', {
      code: 'bad_request',
      field: 'Host',
    });
  if (isLoopback(settings.host) && !loopbackNames.test(host)) {
    const message =
      'This server answers to localhost only; start it with --host to be reached by other names.';
    throw new ServeError(403, message, { code: 'unknown_host', field: 'Host' });
  }
  if (origin === undefined) return;
  const { corsOrigins } = settings;
  const own = origin === `http://${host}` || origin === `https://${host}`;
  if (own || corsOrigins.includes('*') || corsOrigins.includes(origin)) return;
  const message = 'Pages of other sites may not call this server; --cors-origin allows one.';
  throw new ServeError(403, message, { code: 'unknown_origin', field: 'Origin' });
}

/** Routes that need no key: they tell nothing of the titles, and cost nothing. */
const open = new Set(['/health', '/health/live', '/page', '/page.css', '/page.js']);

/** Routes whose every request asks for a text at least. */
const generating = new Set(['/', '/texts', '/v1/completions']);

function assertKey(request: FastifyRequest, apiKey: string): void {
  if (open.has(request.routeOptions.url ?? '')) return;
  if (request.method === 'HEAD' || request.method === 'OPTIONS') return;
  const given = /^Bearer (\S{1,500})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given !== undefined && isSecret(given, apiKey)) return;
  const message =
    given === undefined
      ? 'This server needs a key: send Authorization: Bearer KEY.'
      : 'The key is not the right one.';
  throw new ServeError(401, message, { code: 'invalid_api_key', field: 'Authorization' });
}

/** Checks the head of every request before its body is read. */
export function guard(app: FastifyInstance, context: AppContext): void {
  const { apiKey } = context.settings;
  app.addHook('onRequest', async (request) => {
    assertWelcome(request, context);
    if (apiKey !== undefined) assertKey(request, apiKey);
    if (request.method === 'POST' && generating.has(request.routeOptions.url ?? ''))
      context.engine.assertRoom(1);
  });
}
