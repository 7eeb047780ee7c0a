import type { OverfitVerdict } from '../../common/judgement.js';

/** What became of one run of a batch. */
export const runStatuses = ['waiting', 'running', 'done', 'overfit', 'failed', 'interrupted'] as const;
type RunStatus = (typeof runStatuses)[number];

/** Counts of titles; losses in nats per token; shares from 0 to 1. Null: the run did not come so far. */
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
}

/** One run of a batch, as batch.json keeps it. */
export interface BatchRunRecord {
  readonly name: string;
  readonly subreddit: string | null;
  readonly status: RunStatus;
  /** Times it was started; more than one where something that may pass came in between. */
  readonly attempts: number;
  readonly seconds: number;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
  readonly figures: RunFigures | null;
  /** Path of its report, relative to batch.html; null where there is none. */
  readonly report: string | null;
}

/** The content of batch.json. Times are ISO 8601, UTC. */
export interface BatchRecord {
  /** Raised when a reader of older records would misread these. */
  readonly format: 1;
  readonly titlesmithVersion: string;
  /** The batch file's name, without folders. */
  readonly file: string;
  /** Identifies what was asked: two batches of the same plan ask the same of the same runs. */
  readonly plan: string;
  /** Which part of the batch this is; null where it is all of it. */
  readonly shard: { readonly index: number; readonly count: number } | null;
  readonly startedAt: string;
  /** Null while it goes on, or where it was cut short. */
  readonly finishedAt: string | null;
  /** Work so far, of all calls that went on with it. */
  readonly seconds: number;
  readonly runs: readonly BatchRunRecord[];
  /** The batch before, to compare with. */
  readonly previous: {
    readonly startedAt: string;
    readonly figures: Readonly<Record<string, RunFigures>>;
  } | null;
}
