import type { Served, ServeSettings } from '../contract.js';
import type { Engine } from '../engine/engine.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';

/** What the routes work on. */
export interface AppContext {
  readonly served: Served;
  readonly settings: ServeSettings;
  readonly engine: Engine;
  readonly metrics: Metrics;
  readonly log: Log;
}
