import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { systemErrorCode } from '../../common/errors.js';
import { fieldError, HttpError } from '../http-error.js';

/** What a JSON Schema check found, as Ajv says it. */
interface SchemaFault {
  readonly instancePath?: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** The first fault as a refusal that names the field. */
export function schemaError(faults: readonly SchemaFault[]): HttpError {
  const [fault] = faults;
  const { instancePath = '', keyword = '', message = 'is not what it should be', params = {} } = fault ?? {};
  const path = instancePath.slice(1).replaceAll('/', '.');
  const inner = (name: string): string =>
    [path, String(params[name])].filter((part) => part !== '').join('.');
  switch (keyword) {
    case 'required':
      return fieldError(inner('missingProperty'), `${inner('missingProperty')} is missing.`);
    case 'additionalProperties': {
      const name = inner('additionalProperty').slice(0, 100);
      return fieldError(name, `${JSON.stringify(name)} is no field of this request.`);
    }
    case 'enum': {
      const allowed = (params['allowedValues'] as readonly unknown[]).map((value) => JSON.stringify(value));
      return fieldError(path, `${path} must be ${allowed.join(' or ')}: this server can do nothing else.`);
    }
    default:
      return fieldError(path, `${path === '' ? 'The body' : path} ${message}.`);
  }
}

/** Messages of Fastify's own refusals, by its codes. */
const known: Readonly<Record<string, (limit: number) => string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (limit) => `The body is larger than ${limit} bytes.`,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => 'Send the body as application/json.',
  FST_ERR_CTP_EMPTY_JSON_BODY: () => 'The body is empty.',
  FST_ERR_CTP_INVALID_JSON_BODY: () => 'The body is not JSON.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => 'The body is not as long as Content-Length says.',
  FST_ERR_BAD_URL: () => 'The address is malformed.',
  FST_ERR_MAX_PARAM_LENGTH: () => 'The address is too long.',
};

/** How a server answers what goes wrong behind its routes. */
export interface FailureAnswers {
  /** Errors of its own as refusals; undefined for those it does not know. */
  readonly toHttpError?: (error: Error) => HttpError | undefined;
  /** Told of every error that is a bug of ours: its answer says nothing of it. */
  readonly onBug: (error: Error, request: FastifyRequest) => void;
  /** Where a person finds what `onBug` was told: "the log says what". */
  readonly whereBugsAreTold: string;
}

/** Refusals of Fastify's own; undefined for a bug. */
function refusalOf(error: FastifyError | Error, bodyLimit: number): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if ('validation' in error && error.validation) return schemaError(error.validation);
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status < 400 || status >= 500) return undefined;
  const message = known[String('code' in error ? error.code : '')]?.(bodyLimit) ?? 'The body is not JSON.';
  return new HttpError(status, message, { code: 'bad_request' });
}

/** Answers with a refusal. */
export function refuse(reply: FastifyReply, error: HttpError): FastifyReply {
  if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
  if (error.status === 401) reply.header('www-authenticate', 'Bearer');
  // What is left of a refused body is not read.
  if (error.status === 413 || error.status === 408) reply.header('connection', 'close');
  return reply.code(error.status).type('application/json; charset=utf-8').send(error.toBody());
}

/** Makes every failure an answer in JSON that tells no more than it must. */
export function answerFailures(
  app: FastifyInstance,
  { toHttpError, onBug, whereBugsAreTold }: FailureAnswers,
): void {
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const refusal = refusalOf(error, app.initialConfig.bodyLimit ?? 0) ?? toHttpError?.(error);
    if (!refusal) onBug(error, request);
    return refuse(reply, toShownError(refusal ?? error, whereBugsAreTold));
  });
  app.setNotFoundHandler((request, reply) => refuse(reply, missing(app, request, reply)));
}

/** What a client is told of an error: a refusal as it is, of a bug nothing. */
export function toShownError(error: unknown, whereBugsAreTold: string): HttpError {
  if (error instanceof HttpError) return error;
  const message = `Something went wrong; ${whereBugsAreTold}.`;
  return new HttpError(500, message, { code: 'internal_error' });
}

/** A path that is unknown, or known for other methods. */
function missing(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): HttpError {
  const [path = '/'] = request.url.split('?');
  const methods = ['GET', 'HEAD', 'POST'].filter((method) => app.findRoute({ url: path, method }) !== null);
  if (methods.length === 0)
    return new HttpError(404, 'There is nothing at this address.', { code: 'not_found' });
  reply.header('allow', methods.join(', '));
  const message = `This address takes ${methods.join(', ')} only.`;
  return new HttpError(405, message, { code: 'method_not_allowed' });
}

/** Answers on a connection whose request could not be read, and closes it. */
export function refuseConnection(error: Error, socket: Socket): void {
  const reasons: Record<string, readonly [number, string]> = {
    HPE_HEADER_OVERFLOW: [431, 'The head of the request is too large.'],
    ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request came too slowly.'],
  };
  const [status, message] = reasons[systemErrorCode(error) ?? ''] ?? [400, 'The request is not HTTP.'];
  writeRefusal(socket, new HttpError(status, message, { code: 'bad_request' }));
}

/** Writes a refusal by hand, where no reply is at hand. */
export function writeRefusal(
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
