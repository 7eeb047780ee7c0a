import type { StageName } from '../../options/choices.js';
import { runFiles } from '../run/run-files.js';
import type { RunStage, StageDescription } from './stage.js';

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

/** Imports the code of one stage, and thereby only the libraries it needs. */
export async function loadStage(stage: StageName): Promise<RunStage> {
  switch (stage) {
    case 'extract':
      return (await import('./extract.js')).runExtract;
    case 'dataset':
      return (await import('./dataset.js')).runDataset;
    case 'finetune':
      return (await import('./finetune.js')).runFinetune;
    case 'generate':
      return (await import('./generate.js')).runGenerate;
    case 'dedupe':
      return (await import('./dedupe.js')).runDedupe;
    case 'report':
      return (await import('./report.js')).runReport;
  }
}
