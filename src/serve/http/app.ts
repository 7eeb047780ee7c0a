import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import fastify, { type FastifyInstance } from 'fastify';
import { commonHeaders, nothingPolicy } from '../../web/security.js';
import { ServeError } from '../serve-error.js';
import { cloudRunRoutes } from './cloud-run-routes.js';
import { completionRoutes } from './completion-routes.js';
import type { AppContext } from './context.js';
import { answerFailures, refuse, refuseConnection, writeRefusal } from './failures.js';
import { guard } from './guards.js';
import { operationRoutes } from './operation-routes.js';
import { pageRoutes } from './page-routes.js';
import { recordRequests } from './records.js';

/** What one client may take of the server. */
const bounds = {
  bodyBytes: 64 * 1024,
  headBytes: 16 * 1024,
  /** For a whole request to come in. */
  requestMs: 10_000,
  /** Longer than load balancers keep an idle connection, so that they and not we close it. */
  keepAliveMs: 65_000,
  connections: 2000,
} as const;

/** The HTTP server, ready to listen. Closing it lets answers under way end. */
export async function createApp(context: AppContext): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: bounds.bodyBytes,
    requestTimeout: bounds.requestMs,
    keepAliveTimeout: bounds.keepAliveMs,
    http: {
      maxHeaderSize: bounds.headBytes,
      headersTimeout: bounds.requestMs,
      connectionsCheckingInterval: 1000,
      // A missing host is refused by the guard, in JSON.
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
      refuse(reply, new ServeError(400, 'The address is malformed.', { code: 'bad_request' })),
  });
  app.server.maxConnections = bounds.connections;
  refuseOddities(app);
  answerFailures(app, context.log, bounds.bodyBytes);
  recordRequests(app, context);
  app.addHook('onRequest', async (_, reply) => {
    reply.headers({ ...commonHeaders, 'Content-Security-Policy': nothingPolicy });
  });
  const { corsOrigins } = context.settings;
  if (corsOrigins.length > 0) {
    const origin = corsOrigins.includes('*') ? '*' : [...corsOrigins];
    await app.register(cors, { origin, methods: ['GET', 'HEAD', 'POST'], maxAge: 600 });
  }
  guard(app, context);
  cloudRunRoutes(app, context);
  completionRoutes(app, context);
  pageRoutes(app, context);
  operationRoutes(app, context);
  return app;
}

/** Node answers these with a closed connection or an empty body, where nobody listens. */
function refuseOddities(app: FastifyInstance): void {
  app.server.on('connect', (_: IncomingMessage, socket: Socket) => {
    writeRefusal(socket, new ServeError(405, 'This server is no proxy.', { code: 'method_not_allowed' }));
  });
  app.server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    const error = new ServeError(417, 'Expect is not understood.', { code: 'bad_request', field: 'Expect' });
    response.writeHead(417, { 'Content-Type': 'application/json; charset=utf-8', Connection: 'close' });
    response.end(JSON.stringify(error.toBody()));
  });
}
