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
