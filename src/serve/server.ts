import { checkArgument, hasKeys, hasMethod, required } from '../options/call-arguments.js';
import { type ListeningServer, listen } from '../web/server/listen.js';
import { createApp } from './http/app.js';
import { createLog } from './http/request-log.js';
import { InferenceThread } from './inference/inference-thread.js';
import { Metrics } from './metrics.js';
import type { ModelFacts, ServedModel, ServeSettings } from './served-model.js';

/** A running server. */
export interface Server {
  readonly url: string;
  /** Resolves when the model is loaded. @throws TitlesmithError when it cannot be. */
  readonly ready: Promise<ModelFacts>;
  /** Resolves when the model has stopped: with undefined after {@link close}, else with the error. */
  readonly ended: Promise<Error | undefined>;
  /**
   * Shuts down: accepts no more requests, and gives those in progress 8 seconds to end. Health answers 503 from the
   * start.
   */
  close(): Promise<void>;
}

/** Time for requests in progress at shutdown; platforms kill the process after 10 seconds. */
const graceSeconds = 8;
/** Time to deliver the errors of aborted requests before their connections are closed. */
const errorDeliveryMs = 500;

const isServedModel = hasKeys('served model, as openServedModel opens one', 'model', 'name');
const areSettings = hasKeys('settings, as openServedModel returns them', 'host', 'slots');

/**
 * Serves short texts over HTTP. Listens at once, and answers 503 until the model is loaded.
 * @param output where the log is written.
 * @throws TitlesmithError `usage` when the port cannot be used or the host is not an address of this machine.
 */
export async function startServer(
  served: ServedModel,
  settings: ServeSettings,
  output: NodeJS.WritableStream,
): Promise<Server> {
  checkArgument('startServer', 'served', served, isServedModel);
  checkArgument('startServer', 'settings', settings, areSettings);
  checkArgument(
    'startServer',
    'output',
    output,
    required(hasMethod('write', 'stream, such as process.stdout')),
  );
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
      const graceTimer = setTimeout(() => {
        void inference.close();
        setTimeout(() => app.server.closeAllConnections(), errorDeliveryMs).unref();
      }, 1000 * graceSeconds);
      await listening.close();
      clearTimeout(graceTimer);
      await inference.close();
    },
  };
}
