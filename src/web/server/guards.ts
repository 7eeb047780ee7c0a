import { timingSafeEqual } from 'node:crypto';
import cors from '@fastify/cors';
import { sha256 } from '../../common/sha256.js';
import { HttpError } from '../http-error.js';
import { answersTo } from './host-names.js';
import type { HttpApp, HttpRequest } from './http-app.js';

interface SameSiteOptions {
  /** Where the server listens: an address or a name. */
  readonly host: string;
  /** Names that clients may use besides the server's own. */
  readonly allowedHosts?: readonly string[];
  /** Origins whose pages may call, besides the server's own; `*` for all. */
  readonly allowedOrigins: readonly string[];
  /** Whether a GET request has an effect, such as work for the model. */
  readonly hasEffect?: (request: HttpRequest) => boolean;
  /** What to do about it, for a client that uses another host name or calls from a page of another site. */
  readonly hints?: { readonly host: string; readonly origin: string };
}

/**
 * Rejects, before the body is read: requests without a host; requests under a host name that the server does not answer to
 * (DNS rebinding; ./host-names.ts); and requests from pages of other sites, unless their origin is allowed, in which case
 * CORS headers let browsers read the answers. A browser sends no Origin with a GET for an image or a link, but says with
 * Sec-Fetch-Site (W3C Fetch Metadata) that another site made it: such a request may only read.
 */
export async function guardSameSite(app: HttpApp, options: SameSiteOptions): Promise<void> {
  const { allowedOrigins } = options;
  if (allowedOrigins.length > 0) {
    const origin = allowedOrigins.includes('*') ? '*' : [...allowedOrigins];
    await app.register(cors, { origin, methods: ['GET', 'HEAD', 'POST'], maxAge: 600 });
  }
  app.addHook('onRequest', async (request) => {
    assertHost(request, app, options);
    assertOrigin(request, options);
  });
}

function assertHost(
  { headers, raw }: HttpRequest,
  { server }: HttpApp,
  { host: own, allowedHosts = [], hints }: SameSiteOptions,
): void {
  // In an absolute form, the target names the host, and the header is to be ignored (RFC 9112, section 3.2.2).
  const [, target] = /^[a-z]+:\/\/([^/?#]*)/i.exec(raw.url ?? '') ?? [];
  const host = target ?? headers.host;
  const hosts = raw.rawHeaders.filter(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'host',
  ).length;
  if (host === undefined || host === '' || host.length > 300 || hosts > 1) {
    const message = 'The Host header is missing, too long, or there twice.';
    throw new HttpError(400, message, { code: 'bad_request', field: 'Host' });
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : undefined;
  if (answersTo(host, { host: own, port }, allowedHosts)) return;
  const names =
    allowedHosts.length > 0 ? allowedHosts.join(', ') : `localhost${port === undefined ? '' : `:${port}`}`;
  const message = withHint(`This server answers to ${names} only`, hints?.host);
  throw new HttpError(403, message, { code: 'unknown_host', field: 'Host' });
}

function assertOrigin(
  request: HttpRequest,
  { allowedOrigins, hasEffect = () => false, hints }: SameSiteOptions,
): void {
  const { headers, method } = request;
  const { host, origin } = headers;
  const site = headers['sec-fetch-site'];
  const acts = (method !== 'GET' && method !== 'HEAD') || hasEffect(request);
  const isOwn =
    origin === undefined
      ? !acts || site === undefined || site === 'same-origin' || site === 'none'
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
  try {
    return new URL(url, 'http://localhost').pathname.split('/')[1] ?? '';
  } catch {
    // Such as `//`, an address without a host.
    return '';
  }
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
