import type { WorkContext } from '../../common/progress.js';
import type { StageName } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import type { Decisions, StageCounts } from '../run/manifest.js';
import type { SharedRows } from '../run/shared-rows.js';

/** What a stage is given: plain data, so that it crosses to the stage's thread. */
export interface StageJob {
  readonly stage: StageName;
  /** The run folder. */
  readonly folder: string;
  readonly runName: string;
  readonly options: RunOptions;
  readonly decisions: Decisions;
  /** What the stages before counted. */
  readonly counts: Readonly<Partial<Record<StageName, StageCounts>>>;
  /** Where several runs of one call ask one source together. */
  readonly shared?: SharedRows | undefined;
  /** True when this stage was cut short with the same options and inputs, and may go on from what it left. */
  readonly resume: boolean;
}

/** What the runner must know of a stage without running it. */
export interface StageDescription {
  /** Raised when the stage's results change for the same inputs and options. */
  readonly version: number;
  /** Files and folders it reads, relative to the run folder: outputs of earlier stages. */
  readonly inputs: readonly string[];
  /** The same, where they are there. */
  readonly optionalInputs: readonly string[];
  /** Files and folders it writes; removed before it starts anew. */
  readonly outputs: readonly string[];
  /** Earlier stages whose counts it uses. */
  readonly usesCountsOf: readonly StageName[];
  /** Whether it can go on from what an interrupted run left. */
  readonly resumable: boolean;
}

/** Does the work. Runs in a thread of its own, so it may block. @returns what it counted. */
export type RunStage = (job: StageJob, context: WorkContext) => Promise<StageCounts>;

/** A {@link WorkContext} for whole stages, which work in threads of their own: a signal that tells when it is aborted. */
export interface StageContext extends WorkContext {
  readonly signal: AbortSignal;
}

import type { OverfitStatistics, OverfitVerdict } from '../../common/judgement.js';

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

/**
 * What stages that are done counted: recorded in run.json, shown in the summary, handed to the report. Free of durations,
 * so that equal work gives equal counts.
 */
export interface RunCounts {
  readonly extract?: ExtractCounts;
  readonly dataset?: DatasetCounts;
  readonly finetune?: FinetuneCounts;
  readonly generate?: GenerateCounts;
  readonly dedupe?: DedupeCounts;
  readonly report?: ReportCounts;
}
