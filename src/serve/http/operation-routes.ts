import type { FastifyInstance } from 'fastify';
import type { AppContext } from './context.js';

/** Health and figures, for the platform that runs the server. */
export function operationRoutes(app: FastifyInstance, { engine, metrics }: AppContext): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/health',
    handler: async (_, reply) => {
      const status = engine.isReady ? 'ready' : engine.facts === undefined ? 'loading' : 'shutting down';
      return reply.code(engine.isReady ? 200 : 503).send({ status });
    },
  });
  app.route({ method: ['GET', 'HEAD'], url: '/health/live', handler: async () => ({ status: 'alive' }) });
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}
