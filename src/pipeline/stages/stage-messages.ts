import type { ErrorMessage } from '../../common/packed-error.js';
import type { ProgressEvent } from '../../common/progress.js';
import type { StageCounts } from '../run/manifest.js';
import type { StageJob } from './stage-job.js';

/** What a stage's thread is started with. */
export interface StageWorkerData {
  readonly job: StageJob;
  /** One Int32; not 0 once the work should stop. Shared, as the thread may be too busy to receive messages. */
  readonly stopFlag: SharedArrayBuffer;
}

/** What a stage's thread sends. */
export type StageMessage =
  | { readonly kind: 'event'; readonly event: ProgressEvent }
  | { readonly kind: 'done'; readonly counts: StageCounts }
  | { readonly kind: 'failed'; readonly error: ErrorMessage };
