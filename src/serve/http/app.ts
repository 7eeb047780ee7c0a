import { assertKey, guardSameSite } from '../../web/server/guards.js';
import { createHttpApp, type HttpApp } from '../../web/server/http-app.js';
import type { Health } from '../page/page-messages.js';
import { asksForText, cloudRunRoutes } from './cloud-run-routes.js';
import { completionRoutes } from './completion-routes.js';
import { internalErrorHint, type RouteContext } from './completion-submission.js';
import { pageAddresses, pageRoutes } from './page-routes.js';
import { recordRequests } from './request-log.js';

const maxBodyBytes = 64 * 1024;
const maxConnections = 2000;

/** Routes that need no key: they are cheap and reveal nothing about the titles. */
const publicRoutes = new Set(['/health', '/health/live', ...pageAddresses]);

/** Routes whose POST requests generate at least one text. */
const generatingRoutes = new Set(['/', '/texts', '/v1/completions']);

/** The HTTP server, ready to listen. Closing it lets answers in progress end. */
export async function createApp(context: RouteContext): Promise<HttpApp> {
  const { settings, models, metrics, log } = context;
  const { host, apiKey, corsOrigins, allowedHosts } = settings;
  const app = createHttpApp({
    bodyBytes: maxBodyBytes,
    connections: maxConnections,
    internalErrorHint,
    onInternalError: (error, { method, routeOptions }) =>
      log('ERROR', `${method} ${routeOptions.url}: ${error.stack ?? error.message}`),
  });
  recordRequests(app, metrics, log, settings.logPrompts);
  await guardSameSite(app, {
    host,
    allowedHosts,
    allowedOrigins: corsOrigins,
    hasEffect: (request) => request.routeOptions.url === '/' && asksForText(request),
    hints: {
      host: '--allowed-host allows another',
      origin: '--cors-origin allows one',
    },
  });
  app.addHook('onRequest', async (request) => {
    const { method } = request;
    const route = request.routeOptions.url ?? '';
    if (apiKey !== undefined && method !== 'HEAD' && method !== 'OPTIONS' && !publicRoutes.has(route))
      assertKey(request, apiKey);
    // Before the body is read, so that rejecting is cheap.
    if (method === 'POST' && generatingRoutes.has(route)) models.assertRoom(1);
  });
  cloudRunRoutes(app, context);
  completionRoutes(app, context);
  pageRoutes(app, context);
  operationRoutes(app, context);
  return app;
}

/** Health checks and metrics, for the platform that runs the server. */
function operationRoutes(app: HttpApp, { models, metrics }: RouteContext): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/health',
    handler: async (_, reply) => {
      const { isReady, isLoading } = models;
      const status = isReady ? 'ready' : isLoading ? 'loading' : 'shutting down';
      return reply.code(isReady ? 200 : 503).send({ status } satisfies Health);
    },
  });
  app.route({ method: ['GET', 'HEAD'], url: '/health/live', handler: async () => ({ status: 'alive' }) });
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}
