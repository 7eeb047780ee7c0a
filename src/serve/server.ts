import type { AddressInfo } from 'node:net';
import { systemErrorCode, usageError } from '../common/errors.js';
import { createApp } from './http/app.js';
import { Engine } from './inference/engine.js';
import { createLog } from './log.js';
import { Metrics } from './metrics.js';
import type { ModelFacts, Served, ServeSettings } from './served-model.js';

/** A server that listens. */
export interface Server {
  readonly url: string;
  /** Resolves when the model is loaded. @throws TitlesmithError when it cannot be. */
  readonly ready: Promise<ModelFacts>;
  /** Resolves when the engine has ended: undefined after {@link close}, else why. */
  readonly ended: Promise<Error | undefined>;
  /**
   * Takes no more requests, lets those under way end, but not for longer than the grace, and ends. Health says 503
   * from the first moment on.
   */
  close(): Promise<void>;
}

/** Seconds for requests under way when the server is told to end; platforms kill it after 10. */
const graceSeconds = 8;
/** For the errors that tell requests so, before their connections are closed. */
const lastWordsMs = 500;

/**
 * Serves short texts over HTTP. Listens at once, and answers 503 until the model is loaded.
 * @param output where the log is written.
 * @throws TitlesmithError (exit code 2) when the port is taken or the host is not this machine's.
 */
export async function startServer(
  served: Served,
  settings: ServeSettings,
  output: NodeJS.WritableStream,
): Promise<Server> {
  const log = createLog(settings.log, output);
  const metrics: Metrics = new Metrics(() => engine, settings.slots);
  const engine: Engine = new Engine(served, settings, metrics);
  const app = await createApp({ served, settings, engine, metrics, log });
  const { host, port } = settings;
  try {
    await app.listen({ host, port });
  } catch (error) {
    await engine.close();
    throw listenError(error, settings);
  }
  const address = app.server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown === '0.0.0.0' || shown === '[::]' ? 'localhost' : shown}:${address.port}/`,
    ready: engine.ready,
    ended: engine.ended,
    close: async () => {
      log('INFO', 'Shutting down: no new requests are taken.');
      engine.drain();
      const closed = app.close();
      // Connections whose answer ends after the call stay open, idle, unless they are looked for.
      const sweep = setInterval(() => app.server.closeIdleConnections(), 50);
      const overdue = setTimeout(() => {
        void engine.close();
        setTimeout(() => app.server.closeAllConnections(), lastWordsMs).unref();
      }, 1000 * graceSeconds);
      await closed;
      clearInterval(sweep);
      clearTimeout(overdue);
      await engine.close();
    },
  };
}

function listenError(error: unknown, { host, port }: ServeSettings): unknown {
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
    case 'EACCES':
      return usageError(`--port ${port} cannot be used.`, 'Choose another, or 0 for any free one.');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return usageError(`--host ${JSON.stringify(host)} is not an address of this machine.`);
    default:
      return error;
  }
}
