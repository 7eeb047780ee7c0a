import type { OverfitVerdict, ShareDifference } from '../../common/judgement.js';

/** The states of a run in a batch. */
export const runStatuses = ['waiting', 'running', 'done', 'overfit', 'failed', 'interrupted'] as const;
type RunStatus = (typeof runStatuses)[number];

/** Counts of titles; losses in nats per token; shares from 0 to 1. Null: the run did not get that far. */
export interface RunFigures {
  /** Titles kept after cleaning. */
  readonly titles: number | null;
  readonly steps: number | null;
  readonly validationLoss: number | null;
  readonly verdict: OverfitVerdict | null;
  /** Copies of training titles among the outputs. */
  readonly copyShare: number | null;
  readonly generated: number | null;
  readonly accepted: number | null;
  /** Of the held-out titles; undefined in records of earlier versions. */
  readonly bitsPerByte?: number | null;
}

/** Shares of a run's outputs less those of the batch before; undefined where one is not known. */
export interface ShareChanges {
  readonly copies: ShareDifference | undefined;
  readonly accepted: ShareDifference | undefined;
}

/** One run of a batch, as batch.json keeps it. */
export interface BatchRunRecord {
  readonly name: string;
  readonly subreddit: string | null;
  readonly status: RunStatus;
  /** Number of starts; more than one after transient failures. */
  readonly attempts: number;
  readonly seconds: number;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
  readonly figures: RunFigures | null;
  /** Refused outputs by reason; undefined in records of earlier versions, null where nothing was judged. */
  readonly refusals?: Readonly<Record<string, number>> | null;
  /** Path of its report, relative to batch.html; null if there is none. */
  readonly report: string | null;
}

/** The content of batch.json. Times are ISO 8601, UTC. */
export interface BatchRecord {
  /** Raised when a reader of older records would misread these. */
  readonly format: 1;
  readonly titlesmithVersion: string;
  /** The batch file's name, without folders. */
  readonly file: string;
  /** Hash of the plan: equal for batches with the same runs and options. */
  readonly plan: string;
  /** Which shard of the batch this is; null for the whole batch. */
  readonly shard: { readonly index: number; readonly count: number } | null;
  readonly startedAt: string;
  /** Null while it is running, or if it was interrupted. */
  readonly finishedAt: string | null;
  /** Working time so far, over all calls that continued the batch. */
  readonly seconds: number;
  readonly runs: readonly BatchRunRecord[];
  /** The previous batch, for comparison. */
  readonly previous: {
    readonly startedAt: string;
    readonly figures: Readonly<Record<string, RunFigures>>;
  } | null;
}
