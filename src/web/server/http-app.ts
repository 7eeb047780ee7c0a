import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { HttpError } from '../http-error.js';
import {
  type ErrorHandlerOptions,
  installErrorHandler,
  rejectConnection,
  sendError,
  writeError,
} from './error-handler.js';
import { commonHeaders, nonPagePolicy, servedPagePolicy } from './security-headers.js';

export type HttpApp = FastifyInstance;
export type HttpRequest = FastifyRequest;
export type HttpReply = FastifyReply;

interface HttpAppOptions extends ErrorHandlerOptions {
  /** Longest body of a request. */
  readonly bodyBytes: number;
  /** Connections open at a time. */
  readonly connections: number;
}

const headBytes = 16 * 1024;
/** Time for a whole request to arrive. */
const requestMs = 10_000;
/** Longer than load balancers keep an idle connection, so that they close it, not we. */
const keepAliveMs = 65_000;

/**
 * An HTTP server without routes. It limits what a client may use, answers every error as JSON, and sends the security
 * headers with each answer. Bodies are JSON, and checked by the routes' JSON schemas as they are: nothing is
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
      // guards.ts answers a missing host, as JSON.
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
        // Errors bring the schema and the value, for messages that say what is wrong.
        verbose: true,
        // Otherwise Ajv prints a warning between the lines of the log.
        allowUnionTypes: true,
      },
    },
    clientErrorHandler: rejectConnection,
    frameworkErrors: (_, __, reply) =>
      sendError(reply, new HttpError(400, 'The address is malformed.', { code: 'bad_request' })),
  });
  app.server.maxConnections = connections;
  // A form on another site can send plain text without a CORS preflight, but not JSON.
  app.removeContentTypeParser('text/plain');
  rejectUnsupported(app);
  installErrorHandler(app, failures);
  app.addHook('onRequest', async (_, reply) => {
    reply.headers({ ...commonHeaders, 'Content-Security-Policy': nonPagePolicy });
  });
  return app;
}

/** Without listeners, Node answers these with a closed connection or an empty body. */
function rejectUnsupported({ server }: HttpApp): void {
  server.on('connect', (_, socket) => {
    writeError(socket, new HttpError(405, 'This server is no proxy.', { code: 'method_not_allowed' }));
  });
  server.on('checkExpectation', (_, response) => {
    const error = new HttpError(417, 'Expect is not understood.', { code: 'bad_request', field: 'Expect' });
    response.writeHead(417, { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' });
    response.end(JSON.stringify(error.toBody()));
  });
}

/** A page, its style sheet and its script, each with its URL; the page may depend on the request. */
interface PageFiles {
  readonly page: { readonly url: string; readonly content: string | ((request: HttpRequest) => string) };
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
      handler: async (request, reply) =>
        reply
          .type(type)
          .header('content-security-policy', servedPagePolicy)
          .send(typeof content === 'string' ? content : content(request)),
    });
  }
}
