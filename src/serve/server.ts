import { checkArgument, hasKeys, hasMethod, required } from '../options/call-arguments.js';
import { type ListeningServer, listen } from '../web/server/listen.js';
import { Discovery, type FindModels } from './discovery.js';
import { createApp } from './http/app.js';
import { createLog } from './http/request-log.js';
import { ModelPool } from './inference/model-pool.js';
import { Metrics } from './metrics.js';
import { assertNames } from './model-names.js';
import type { ModelFacts, ServedModel, ServeSettings } from './served-model.js';

/** A running server. */
export interface Server {
  readonly url: string;
  /** Resolves when the models are loaded, with facts about the first. @throws TitlesmithError when one cannot be. */
  readonly ready: Promise<ModelFacts>;
  /** Facts about the models that are loaded, by name. */
  facts(): ReadonlyMap<string, ModelFacts>;
  /** Resolves when all models have stopped: with undefined after {@link close}, else with the first error. */
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
 * Serves short texts over HTTP. Listens at once, and answers 503 until the models are loaded.
 * @param served one model, or several of different names.
 * @param output where the log is written.
 * @param find looks for models to serve too, once the first are loaded; the log tells what came of them.
 * @throws TitlesmithError `usage` when the port cannot be used or the host is not an address of this machine.
 */
export async function startServer(
  served: ServedModel | readonly ServedModel[],
  settings: ServeSettings,
  output: NodeJS.WritableStream,
  find?: FindModels,
): Promise<Server> {
  const models = [served].flat() as readonly ServedModel[];
  for (const model of models.length === 0 ? [undefined] : models)
    checkArgument('startServer', 'served', model, isServedModel);
  assertNames(models);
  checkArgument('startServer', 'settings', settings, areSettings);
  checkArgument(
    'startServer',
    'output',
    output,
    required(hasMethod('write', 'stream, such as process.stdout')),
  );
  const log = createLog(settings.log, output);
  const metrics: Metrics = new Metrics(() => pool.all, settings.slots);
  const pool: ModelPool = new ModelPool(models, settings, metrics);
  for (const { name } of models) metrics.introduce(name);
  // The others go on: what ends one model is told, and not the end of the server.
  for (const model of pool.all)
    void model.ended.then((error) => error && log('ERROR', `${model.name} has stopped: ${error.message}`));
  const app = await createApp({ models: pool, settings, metrics, log });
  const { host, port } = settings;
  let listening: ListeningServer;
  try {
    listening = await listen(app, { host, port, portHint: 'Choose another, or 0 for any free one.' });
  } catch (error) {
    await pool.close();
    throw error;
  }
  const ready = pool.ready.then(() => pool.first.facts!);
  let discovery: Discovery | undefined;
  const watch = (findModels: FindModels): void => {
    discovery = new Discovery(findModels, (model) => pool.add(model), {
      onAdded: ({ name }, seconds) => {
        metrics.introduce(name);
        log('INFO', `${name} is served too, loaded in ${(1000 * seconds).toFixed(0)} ms.`);
      },
      onRefused: (reason) => log('WARNING', reason),
    });
  };
  if (find)
    void ready.then(
      () => watch(find),
      () => {},
    );
  // Who does not wait for the models learns by `ended` that they could not be loaded.
  ready.catch(() => {});
  return {
    url: listening.url,
    ready,
    facts: () => new Map(pool.all.flatMap(({ name, facts }) => (facts ? [[name, facts]] : []))),
    ended: pool.ended,
    close: async () => {
      discovery?.stop();
      log('INFO', 'Shutting down: no new requests are taken.');
      pool.drain();
      const graceTimer = setTimeout(() => {
        void pool.close();
        setTimeout(() => app.server.closeAllConnections(), errorDeliveryMs).unref();
      }, 1000 * graceSeconds);
      await listening.close();
      clearTimeout(graceTimer);
      await pool.close();
    },
  };
}
