import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { HttpError } from '../http-error.js';
import { answerFailures, type FailureAnswers, refuse, refuseConnection, writeRefusal } from './failures.js';
import { commonHeaders, nothingPolicy, servedPagePolicy } from './security-headers.js';

export type HttpApp = FastifyInstance;
export type HttpRequest = FastifyRequest;
export type HttpReply = FastifyReply;

interface HttpAppOptions extends FailureAnswers {
  /** Longest body of a request. */
  readonly bodyBytes: number;
  /** Connections open at a time. */
  readonly connections: number;
}

const headBytes = 16 * 1024;
/** For a whole request to come in. */
const requestMs = 10_000;
/** Longer than load balancers keep an idle connection, so that they and not we close it. */
const keepAliveMs = 65_000;

/**
 * An HTTP server without routes, which bounds what a client may take, answers every failure in JSON, and sends the
 * security headers with each answer. Bodies are JSON, and checked by the routes' JSON schemas as they are: nothing is
 * converted, left out or filled in.
 */
export function createHttpApp({ bodyBytes, connections, ...failures }: HttpAppOptions): HttpApp {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytes,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    http: {
      maxHeaderSize: headBytes,
      headersTimeout: requestMs,
      connectionsCheckingInterval: 1000,
      // A missing host is refused by guards.ts, in JSON.
      requireHostHeader: false,
    },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 500 },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        // Otherwise it prints a warning among the lines of the log.
        allowUnionTypes: true,
      },
    },
    clientErrorHandler: refuseConnection,
    frameworkErrors: (_, __, reply) =>
      refuse(reply, new HttpError(400, 'The address is malformed.', { code: 'bad_request' })),
  });
  app.server.maxConnections = connections;
  // A form of another site can send plain text without asking first, but not JSON.
  app.removeContentTypeParser('text/plain');
  refuseOddities(app);
  answerFailures(app, failures);
  app.addHook('onRequest', async (_, reply) => {
    reply.headers({ ...commonHeaders, 'Content-Security-Policy': nothingPolicy });
  });
  return app;
}

/** Node answers these with a closed connection or an empty body, where nobody listens. */
function refuseOddities({ server }: HttpApp): void {
  server.on('connect', (_, socket) => {
    writeRefusal(socket, new HttpError(405, 'This server is no proxy.', { code: 'method_not_allowed' }));
  });
  server.on('checkExpectation', (_, response) => {
    const error = new HttpError(417, 'Expect is not understood.', { code: 'bad_request', field: 'Expect' });
    response.writeHead(417, { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' });
    response.end(JSON.stringify(error.toBody()));
  });
}

/** A page and what lies beside it, by address. */
interface PageFiles {
  readonly page: { readonly url: string; readonly content: string };
  readonly styles: { readonly url: string; readonly content: string };
  readonly script: { readonly url: string; readonly content: string };
}

/** Serves a page, its style sheet and its script. */
export function servePage(app: HttpApp, { page, styles, script }: PageFiles): void {
  const files = [
    { ...page, type: 'text/html; charset=utf-8' },
    { ...styles, type: 'text/css; charset=utf-8' },
    { ...script, type: 'text/javascript; charset=utf-8' },
  ];
  for (const { url, type, content } of files) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      handler: async (_, reply) =>
        reply.type(type).header('content-security-policy', servedPagePolicy).send(content),
    });
  }
}
