import type { OverfitStatistics, OverfitVerdict } from '../../common/judgement.js';
import type { WorkContext } from '../../common/progress.js';
import type { StageName } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decisions, StageCounts } from '../run/manifest.js';
import type { SharedRows } from '../run/shared-rows.js';

/** Input of a stage: plain data, so that it can be passed to the stage's thread. */
export interface StageJob {
  readonly stage: StageName;
  /** The run folder. */
  readonly folder: string;
  readonly runName: string;
  readonly options: RunOptions;
  readonly decisions: Decisions;
  /** Counts of earlier stages. */
  readonly counts: Readonly<Partial<Record<StageName, StageCounts>>>;
  /** Set when several runs of one call share an extraction. */
  readonly shared?: SharedRows | undefined;
  /** Continue from the outputs of an interrupted run with the same options and inputs. */
  readonly resume: boolean;
}

/** What must be known about a stage without loading its code. */
export interface StageDescription {
  /** Incremented when a change of code changes the results for the same inputs and options. */
  readonly version: number;
  /** Outputs of earlier stages that it reads: paths relative to the run folder. */
  readonly inputs: readonly string[];
  /** Paths that it reads if they exist. */
  readonly optionalInputs: readonly string[];
  /** Paths that it writes; removed before it starts over. */
  readonly outputs: readonly string[];
  /** Earlier stages whose counts it reads. */
  readonly usesCountsOf: readonly StageName[];
  /** Whether it can continue from the outputs of an interrupted run. */
  readonly resumable: boolean;
}

/** Runs a stage. It has a thread of its own, so it may block. @returns its counts. */
export type RunStage = (job: StageJob, context: WorkContext) => Promise<StageCounts>;

/** A {@link WorkContext} with a full AbortSignal, as stages run in threads that must be notified of the abort. */
export interface StageContext extends WorkContext {
  readonly signal: AbortSignal;
}

export type ExtractCounts = {
  /** Titles read from the source. */
  readonly extracted: number;
  /** Titles left after cleaning. */
  readonly kept: number;
  readonly droppedByReason: Readonly<Record<string, number>>;
  /** Number of titles changed by each cleaning rule. */
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
  /** Steps skipped because their gradients overflowed; undefined without mixed precision. */
  readonly skippedSteps?: number;
};

export type GenerateCounts = {
  readonly generated: number;
  /** Generated tokens of all titles. */
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
  /** Share of the outputs that are copies of training titles. */
  readonly copyShare: number;
  /** That share minus the share among held-out titles, with its 95% confidence interval. */
  readonly excess: OverfitStatistics['excess'];
};

/**
 * Counts of finished stages: recorded in run.json, shown in the summary, passed to the report. They hold no durations, so
 * that the same work always gives the same counts.
 */
export interface RunCounts {
  readonly extract?: ExtractCounts;
  readonly dataset?: DatasetCounts;
  readonly finetune?: FinetuneCounts;
  readonly generate?: GenerateCounts;
  readonly dedupe?: DedupeCounts;
  readonly report?: ReportCounts;
}
