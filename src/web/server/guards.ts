import { timingSafeEqual } from 'node:crypto';
import cors from '@fastify/cors';
import { sha256 } from '../../common/sha256.js';
import { HttpError } from '../http-error.js';
import type { HttpApp, HttpRequest } from './http-app.js';

/** Names that reach only this machine. */
const loopbackNames = ['localhost', '127.0.0.1', '::1'];
const loopbackHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

interface SameSiteOptions {
  /** Where the server listens: an address or a name. */
  readonly host: string;
  /** Origins whose pages may call, besides the server's own; `*` for all. */
  readonly allowedOrigins: readonly string[];
  /** What to do about it, for a client that uses another host name or calls from a page of another site. */
  readonly hints?: { readonly host: string; readonly origin: string };
}

/**
 * Rejects, before the body is read: requests without a host; requests under another host name to a server on a loopback
 * address (DNS rebinding); and requests from pages of other sites, unless their origin is allowed, in which case CORS
 * headers let browsers read the answers.
 */
export async function guardSameSite(app: HttpApp, options: SameSiteOptions): Promise<void> {
  const { allowedOrigins } = options;
  if (allowedOrigins.length > 0) {
    const origin = allowedOrigins.includes('*') ? '*' : [...allowedOrigins];
    await app.register(cors, { origin, methods: ['GET', 'HEAD', 'POST'], maxAge: 600 });
  }
  app.addHook('onRequest', async (request) => {
    assertHost(request, options);
    assertOrigin(request, options);
  });
}

function assertHost({ headers: { host } }: HttpRequest, { host: own, hints }: SameSiteOptions): void {
  if (host === undefined || host === '' || host.length > 300) {
    const message = 'The Host header is missing or too long.';
    throw new HttpError(400, message, { code: 'bad_request', field: 'Host' });
  }
  if (!loopbackNames.includes(own) || loopbackHost.test(host)) return;
  const message = withHint('This server answers to localhost only', hints?.host);
  throw new HttpError(403, message, { code: 'unknown_host', field: 'Host' });
}

function assertOrigin({ headers, method }: HttpRequest, { allowedOrigins, hints }: SameSiteOptions): void {
  const { host, origin } = headers;
  const site = headers['sec-fetch-site'];
  const changes = method !== 'GET' && method !== 'HEAD';
  const isOwn =
    origin === undefined
      ? !changes || site === undefined || site === 'same-origin' || site === 'none'
      : origin === `http://${host}` || origin === `https://${host}`;
  if (isOwn || allowedOrigins.includes('*') || (origin !== undefined && allowedOrigins.includes(origin)))
    return;
  const message = withHint('Pages of other sites may not call this server', hints?.origin);
  throw new HttpError(403, message, { code: 'unknown_origin', field: 'Origin' });
}

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? `${message}.` : `${message}; ${hint}.`;
}

/**
 * Rejects requests whose path does not begin with a secret: the address works like a password.
 * @param secret letters and digits.
 */
export function guardPath(app: HttpApp, secret: string): void {
  app.addHook('onRequest', async ({ url }) => {
    if (isSecret(firstSegment(url), secret)) return;
    throw new HttpError(403, 'Open the address that was printed, with its token.', { code: 'wrong_token' });
  });
}

/** The first part of the path, after resolving `.` and `..` as browsers do. */
function firstSegment(url: string): string {
  if (!URL.canParse(url, 'http://localhost')) return '';
  return new URL(url, 'http://localhost').pathname.split('/')[1] ?? '';
}

/** Rejects a request without the key as a bearer token (OAuth 2.0, RFC 6750). @throws HttpError 401 */
export function assertKey({ headers }: HttpRequest, key: string): void {
  const token = /^Bearer (\S{1,500})$/i.exec(headers.authorization ?? '')?.[1];
  if (token !== undefined && isSecret(token, key)) return;
  const message =
    token === undefined
      ? 'This server needs a key: send Authorization: Bearer KEY.'
      : 'The key is not the right one.';
  throw new HttpError(401, message, { code: 'invalid_api_key', field: 'Authorization' });
}

/** Compares in constant time, so that the time does not reveal how much was right. */
function isSecret(candidate: string, secret: string): boolean {
  return timingSafeEqual(sha256(candidate), sha256(secret));
}
