import { type ListeningServer, listen } from '../web/server/listen.js';
import { createApp } from './http/app.js';
import { createLog } from './http/request-log.js';
import { InferenceThread } from './inference/inference-thread.js';
import { Metrics } from './metrics.js';
import type { ModelFacts, ServedModel, ServeSettings } from './served-model.js';

/** A server that listens. */
export interface Server {
  readonly url: string;
  /** Resolves when the model is loaded. @throws TitlesmithError when it cannot be. */
  readonly ready: Promise<ModelFacts>;
  /** Resolves when the model has stopped: undefined after {@link close}, else why. */
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
 * @throws TitlesmithError `usage` when the port is taken or the host is not this machine's.
 */
export async function startServer(
  served: ServedModel,
  settings: ServeSettings,
  output: NodeJS.WritableStream,
): Promise<Server> {
  const log = createLog(settings.log, output);
  const metrics: Metrics = new Metrics(() => inference, settings.slots);
  const inference: InferenceThread = new InferenceThread(served, settings, metrics);
  const app = await createApp({ served, settings, inference, metrics, log });
  const { host, port } = settings;
  let listening: ListeningServer;
  try {
    listening = await listen(app, { host, port, portHint: 'Choose another, or 0 for any free one.' });
  } catch (error) {
    await inference.close();
    throw error;
  }
  return {
    url: listening.url,
    ready: inference.ready,
    ended: inference.ended,
    close: async () => {
      log('INFO', 'Shutting down: no new requests are taken.');
      inference.drain();
      const overdue = setTimeout(() => {
        void inference.close();
        setTimeout(() => app.server.closeAllConnections(), lastWordsMs).unref();
      }, 1000 * graceSeconds);
      await listening.close();
      clearTimeout(overdue);
      await inference.close();
    },
  };
}
