import type { TitlesmithError } from '../common/errors.js';
import type { EventScope, ProgressEvent, WorkContext } from '../common/progress.js';
import type { BatchRecord } from '../report/batch/batch-record.js';

/** How a batch ended: `failed` if any run did, `overfit` if --fail-on-overfit refused one. */
export type BatchOutcome = 'done' | 'failed' | 'overfit' | 'interrupted';

/** The outcome of one batch. */
export interface BatchResult {
  readonly outcome: BatchOutcome;
  readonly record: BatchRecord;
  /** Path of batch.html. */
  readonly page: string;
}

/** Events of a batch. */
export type BatchEvent =
  | ProgressEvent
  /** A run failed, or a whole batch of a schedule; the others continue. */
  | (EventScope & { readonly kind: 'error'; readonly error: TitlesmithError })
  /** A batch ended. */
  | { readonly kind: 'batch'; readonly result: BatchResult };

export type BatchListener = (event: BatchEvent) => void;

/** A {@link WorkContext} for batches. */
export interface BatchContext extends WorkContext {
  readonly onProgress: BatchListener;
  readonly signal: AbortSignal;
}
