import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AppContext } from './context.js';

/** The status of an answer whose client did not wait for it, as nginx logs it. */
const clientLeft = 499;

/** Counts and logs every request when its answer has ended, in whatever way. */
export function recordRequests(app: FastifyInstance, { metrics, log, settings }: AppContext): void {
  app.addHook('onRequest', async (request, reply) => {
    const started = performance.now();
    reply.raw.once('close', () => {
      const seconds = (performance.now() - started) / 1000;
      const status = reply.raw.writableFinished ? reply.raw.statusCode : clientLeft;
      // Not the address: a prefix may stand in its query.
      const route = request.routeOptions.url ?? 'unknown';
      const { method } = request;
      metrics.countRequest(method, route, status, seconds);
      // Probes ask every few seconds, and are told what there is to tell.
      if (route.startsWith('/health')) return;
      const severity = status >= 500 ? 'ERROR' : status >= 400 ? 'WARNING' : 'INFO';
      log(severity, `${method} ${route} ${status} ${(1000 * seconds).toFixed(0)} ms`, {
        httpRequest: { requestMethod: method, requestUrl: route, status, latency: `${seconds.toFixed(6)}s` },
        requestId: request.id,
        ...(settings.logPrompts ? { asked: asked(request) } : {}),
      });
    });
  });
}

/** What a request asked for, bounded by what the server takes. */
function asked({ query, body }: FastifyRequest): unknown {
  return body ?? query;
}
