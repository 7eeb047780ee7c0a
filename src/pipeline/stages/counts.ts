import type { OverfitStatistics, OverfitVerdict } from '../../common/judgement.js';

/** What each stage counts: recorded in run.json, shown in the summary, handed to the report. Free of durations, so that equal work gives equal counts. */
export type ExtractCounts = {
  /** Titles the source gave. */
  readonly extracted: number;
  /** Titles left after cleaning. */
  readonly kept: number;
  readonly droppedByReason: Readonly<Record<string, number>>;
  /** Titles that each rule of cleaning changed. */
  readonly changedByRule?: Readonly<Record<string, number>>;
};

export type DatasetCounts = {
  readonly train: number;
  readonly validation: number;
};

/** Losses are nats per token of the held-out titles. */
export type FinetuneCounts = {
  readonly steps: number;
  readonly epochs: number;
  readonly stopReason: string;
  readonly initialValidationLoss: number;
  readonly bestValidationLoss: number;
  readonly bestStep: number;
  readonly finalValidationLoss: number;
  readonly parameters: number;
  /** Steps that changed no weight, as their gradients overflowed; undefined without mixed precision. */
  readonly skippedSteps?: number;
};

export type GenerateCounts = {
  readonly generated: number;
  /** New tokens of all titles. */
  readonly tokens: number;
  readonly byFinishReason: Readonly<Record<string, number>>;
};

export type DedupeCounts = {
  readonly accepted: number;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
};

/** Shares from 0 to 1. */
export type ReportCounts = {
  readonly verdict: OverfitVerdict;
  /** Copies of training titles among the outputs. */
  readonly copyShare: number;
  /** The same less the share among held-out titles, with its 95% interval. */
  readonly excess: OverfitStatistics['excess'];
};

/** The counts of all stages that are done. */
export interface RunCounts {
  readonly extract?: ExtractCounts;
  readonly dataset?: DatasetCounts;
  readonly finetune?: FinetuneCounts;
  readonly generate?: GenerateCounts;
  readonly dedupe?: DedupeCounts;
  readonly report?: ReportCounts;
}
