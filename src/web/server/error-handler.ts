import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { systemErrorCode } from '../../common/errors.js';
import { html } from '../html.js';
import { HttpError } from '../http-error.js';
import { type SchemaFault, schemaError } from './schema-error.js';

/** Messages for Fastify's own errors, by their codes. */
const fastifyMessages: Readonly<Record<string, (limit: number) => string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (limit) => `The body is larger than ${limit} bytes.`,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => 'Send the body as application/json.',
  FST_ERR_CTP_EMPTY_JSON_BODY: () => 'The body is empty.',
  FST_ERR_CTP_INVALID_JSON_BODY: () => 'The body is not JSON.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => 'The body is not as long as Content-Length says.',
  FST_ERR_BAD_URL: () => 'The address is malformed.',
  FST_ERR_MAX_PARAM_LENGTH: () => 'The address is too long.',
};

/** How a server answers errors that its routes throw. */
export interface ErrorHandlerOptions {
  /** Turns the server's own errors into HTTP errors; undefined for those it does not know. */
  readonly translateError?: (error: Error) => HttpError | undefined;
  /** Called with every unexpected error (a bug); the client learns nothing about it. */
  readonly onInternalError: (error: Error, request: FastifyRequest) => void;
  /** Where a person finds the details of such an error: "the log says what". */
  readonly internalErrorHint: string;
}

/** The error to send for an HttpError or one of Fastify's own client errors; undefined for a bug. */
function clientError(error: FastifyError | Error, bodyLimit: number): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if ('validation' in error && error.validation)
    return schemaError(error.validation as readonly SchemaFault[]);
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status < 400 || status >= 500) return undefined;
  const message =
    fastifyMessages[String('code' in error ? error.code : '')]?.(bodyLimit) ?? 'The body is not JSON.';
  return new HttpError(status, message, { code: 'bad_request' });
}

/** Answers with an error. */
export function sendError(reply: FastifyReply, error: HttpError): FastifyReply {
  if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
  if (error.status === 401) reply.header('www-authenticate', 'Bearer');
  // The rest of a rejected body is not read.
  if (error.status === 413 || error.status === 408) reply.header('connection', 'close');
  reply.code(error.status).header('vary', 'accept');
  // A person who opens an address in a browser, which asks for pages as programs do not.
  const { method, headers } = reply.request;
  if (method === 'GET' && headers.accept?.includes('text/html'))
    return reply.type('text/html; charset=utf-8').send(errorPage(error));
  return reply.type('application/json; charset=utf-8').send(error.toBody());
}

function errorPage({ status, message }: HttpError): string {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<h1>${title}</h1>
<p>${message}</p>
</html>
`;
  return page.markup;
}

/** Answers every error as JSON, without details of unexpected ones. */
export function installErrorHandler(
  app: FastifyInstance,
  { translateError, onInternalError, internalErrorHint }: ErrorHandlerOptions,
): void {
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const known = clientError(error, request.routeOptions.bodyLimit) ?? translateError?.(error);
    if (!known) onInternalError(error, request);
    return sendError(reply, toHttpError(known ?? error, internalErrorHint));
  });
  app.setNotFoundHandler((request, reply) => sendError(reply, missing(app, request, reply)));
}

/** The error to show a client: an HttpError as it is, anything else as a 500 without details. */
export function toHttpError(error: unknown, internalErrorHint: string): HttpError {
  if (error instanceof HttpError) return error;
  const message = `Something went wrong; ${internalErrorHint}.`;
  return new HttpError(500, message, { code: 'internal_error' });
}

/** 404 for an unknown path, 405 for one that has other methods. */
function missing(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): HttpError {
  const [path = '/'] = request.url.split('?');
  const methods = ['GET', 'HEAD', 'POST'].filter((method) => app.findRoute({ url: path, method }) !== null);
  if (methods.length === 0)
    return new HttpError(404, 'There is nothing at this address.', { code: 'not_found' });
  reply.header('allow', methods.join(', '));
  const message = `This address takes ${methods.join(', ')} only.`;
  return new HttpError(405, message, { code: 'method_not_allowed' });
}

/** Answers a request that could not be parsed, and closes its connection. */
export function rejectConnection(error: Error, socket: Socket): void {
  const reasons: Record<string, readonly [number, string]> = {
    HPE_HEADER_OVERFLOW: [431, 'The head of the request is too large.'],
    ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request came too slowly.'],
  };
  const [status, message] = reasons[systemErrorCode(error) ?? ''] ?? [400, 'The request is not HTTP.'];
  writeError(socket, new HttpError(status, message, { code: 'bad_request' }));
}

/** Writes an error to a bare socket, where Fastify has made no reply. */
export function writeError(
  socket: NodeJS.WritableStream & { readonly writable: boolean },
  error: HttpError,
): void {
  if (!socket.writable) return;
  const body = JSON.stringify(error.toBody());
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n` +
      'Content-Type: application/json; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
