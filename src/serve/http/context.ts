import type { Engine } from '../inference/engine.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Served, ServeSettings } from '../served-model.js';

/** What the routes work on. */
export interface AppContext {
  readonly served: Served;
  readonly settings: ServeSettings;
  readonly engine: Engine;
  readonly metrics: Metrics;
  readonly log: Log;
}
