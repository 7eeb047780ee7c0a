import type { WorkContext } from '../../common/progress.js';
import type { TrainingBehind } from '../../common/stage-counts.js';
import type { StageName } from '../../options/choices.js';
import type { RunOptions } from '../../options/option-table.js';
import type { GenerateRequest } from '../../run/generation-plan.js';
import type { Decisions, StageCounts } from '../../run/manifest.js';
import type { RecordedFacts } from '../../run/reported-facts.js';
import type { SharedRows } from '../run/shared-rows.js';

/** Input of a stage: plain data, so that it can be passed to the stage's thread. */
export interface StageJob {
  readonly stage: StageName;
  /** The run folder, where it reads. */
  readonly folder: string;
  /** Where it writes once it has begun: its outputs, by the names they will have in the run folder. */
  readonly work: string;
  /** Where it writes what it needs before it has begun: moved to `work` then, or removed if the stage is refused. */
  readonly preparation: string;
  readonly runName: string;
  readonly options: RunOptions;
  readonly decisions: Decisions;
  /** What is recorded of the run and of its training, for the report stage. */
  readonly recorded?: RecordedFacts | undefined;
  /** Counts of earlier stages. */
  readonly counts: Readonly<Partial<Record<StageName, StageCounts>>>;
  /** Set when several runs of one call share an extraction. */
  readonly shared?: SharedRows | undefined;
  /** Continue from what an interrupted run with the same options and inputs left in `work`. */
  readonly resume: boolean;
  /** Training begins with the run's finished checkpoint. */
  readonly beginsWithCheckpoint: boolean;
  /** What lies behind that checkpoint, as far as it is recorded. */
  readonly trainingBehind?: TrainingBehind | undefined;
  /** Nothing of an earlier run counts, what people decided included. */
  readonly startOver: boolean;
  /** What the generate stage is to generate. */
  readonly request?: GenerateRequest | undefined;
}

/** A {@link WorkContext} for the code of a stage. */
export interface StageWorkContext extends WorkContext {
  /**
   * Called once by every stage, when nothing is left that it could refuse: neither an option nor an input. Until then it
   * writes nothing, except below `preparation`.
   */
  readonly begin: () => Promise<void>;
}

/** Runs a stage. It has a thread of its own, so it may block. @returns its counts. */
export type RunStage = (job: StageJob, context: StageWorkContext) => Promise<StageCounts>;

/** A {@link WorkContext} with a full AbortSignal, as stages run in threads that must be notified of the abort. */
export interface StageContext extends WorkContext {
  readonly signal: AbortSignal;
}
