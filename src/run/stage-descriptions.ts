import type { StageName } from '../options/choices.js';
import { runFiles } from './run-files.js';

/** What must be known about a stage without loading its code. */
interface StageDescription {
  /** Incremented when a change of code changes the results for the same inputs and options. */
  readonly version: number;
  /** Outputs of earlier stages that it reads: paths relative to the run folder. */
  readonly inputs: readonly string[];
  /** Paths that it reads if they exist. */
  readonly optionalInputs: readonly string[];
  /** Paths that it writes. When it is done they replace those of an earlier time. */
  readonly outputs: readonly string[];
  /** Paths that grow from call to call: replaced where it writes them, removed where a run is started over. */
  readonly history: readonly string[];
  /** Earlier stages whose counts it reads. */
  readonly usesCountsOf: readonly StageName[];
  /** Whether it can continue from what an interrupted run left. */
  readonly resumable: boolean;
}

const commonFields = {
  version: 1,
  usesCountsOf: [],
  resumable: false,
  optionalInputs: [],
  history: [],
} as const;

/** What each stage reads and writes. Separate from the stages' code, so that skipping one loads no libraries. */
export const stageDescriptions: Readonly<Record<StageName, StageDescription>> = {
  extract: {
    ...commonFields,
    inputs: [],
    outputs: [runFiles.titles, runFiles.dropped],
    history: [runFiles.months],
  },
  dataset: { ...commonFields, inputs: [runFiles.titles], outputs: [runFiles.dataset] },
  finetune: {
    ...commonFields,
    inputs: [runFiles.train, runFiles.validation],
    outputs: [
      runFiles.tokens,
      runFiles.checkpoint,
      runFiles.metrics,
      runFiles.samples,
      runFiles.titleLosses,
      runFiles.canaries,
      runFiles.events,
    ],
    resumable: true,
  },
  generate: {
    ...commonFields,
    version: 2,
    inputs: [runFiles.checkpoint],
    outputs: [runFiles.generated],
    history: [runFiles.acceptedBefore],
    resumable: true,
  },
  dedupe: {
    ...commonFields,
    version: 7,
    inputs: [runFiles.generated, runFiles.train, runFiles.validation],
    optionalInputs: [runFiles.acceptedBefore, runFiles.canaries],
    outputs: [runFiles.judgement, runFiles.accepted, runFiles.rejected],
    history: [runFiles.decisions],
    resumable: true,
  },
  report: {
    ...commonFields,
    version: 5,
    inputs: [runFiles.judgement, runFiles.metrics],
    optionalInputs: [runFiles.samples, runFiles.titleLosses, runFiles.canaries],
    outputs: [runFiles.reportPage, runFiles.reportFigures],
    usesCountsOf: ['extract', 'dataset', 'finetune', 'generate'],
  },
};
