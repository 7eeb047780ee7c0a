import type { ProgressEvent } from '../common/progress.js';
import type { Manifest } from './run/manifest.js';
import type { StageContext } from './stages/stage.js';

interface AnyRun {
  readonly name: string;
  /** The run folder. */
  readonly folder: string;
  /** Time this call took; stages that were skipped took none. */
  readonly seconds: number;
}

/** A run whose stages are done, as far as they were asked for. */
export interface FinishedRun extends AnyRun {
  readonly status: 'finished';
  /** What the run has come to: options, decisions, and what each stage counted. */
  readonly manifest: Manifest;
  /** Whether `failOnOverfit` was asked for and the model overfits. */
  readonly overfits: boolean;
}

/** A run that failed, or was interrupted: then its error is an InterruptedError. */
export interface FailedRun extends AnyRun {
  readonly status: 'failed';
  readonly error: unknown;
}

/** What came of one run. */
export type RunResult = FinishedRun | FailedRun;

/** What came of a call for one or several runs. */
export interface PipelineResult {
  /** In the order asked for. After one that was interrupted no other was begun. */
  readonly runs: readonly RunResult[];
  /** With `dryRun`, what the question would read in BigQuery, and cost, one line. */
  readonly cost?: string;
}

/** What the pipeline tells while it works; `run` is named where there are several. */
export type PipelineEvent =
  | ProgressEvent
  /** A run came to its end. */
  | { readonly kind: 'run'; readonly run?: string; readonly result: RunResult };

/** A {@link StageContext} for whole runs. */
export interface PipelineContext extends StageContext {
  readonly onProgress: (event: PipelineEvent) => void;
}
