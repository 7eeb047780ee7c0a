import type { StageName } from '../../options/choices.js';
import type { StageDescription } from './stage-job.js';

/** Names of the files in a run folder. */
export const runFiles = {
  titles: 'titles.csv',
  dropped: 'dropped.csv',
  train: 'dataset/train.txt',
  validation: 'dataset/validation.txt',
  trainTokens: 'tokens/train.bin',
  validationTokens: 'tokens/validation.bin',
  checkpoint: 'checkpoint',
  metrics: 'metrics.jsonl',
  samples: 'samples',
  events: 'tensorboard/events.out.tfevents.titlesmith',
  generated: 'generated.jsonl',
  generatedJournal: 'generated.partial.jsonl',
  accepted: 'accepted.txt',
  acceptedBefore: 'accepted-before.txt',
  rejected: 'rejected.csv',
  reportPage: 'report.html',
  reportFigures: 'report.json',
} as const;

/** The checkpoint that a training with --restore-from latest began with. */
export const earlierCheckpointFolder = 'checkpoint-before';

const once = { version: 1, usesCountsOf: [], resumable: false, optionalInputs: [] } as const;

/** What each stage reads and writes. Kept apart from their code, so that the runner loads no model to skip a stage. */
export const stageDescriptions: Readonly<Record<StageName, StageDescription>> = {
  extract: { ...once, inputs: [], outputs: [runFiles.titles, runFiles.dropped] },
  dataset: { ...once, inputs: [runFiles.titles], outputs: ['dataset'] },
  finetune: {
    ...once,
    inputs: [runFiles.train, runFiles.validation],
    outputs: ['tokens', runFiles.checkpoint, runFiles.metrics, runFiles.samples, runFiles.events],
    resumable: true,
  },
  generate: {
    ...once,
    version: 2,
    inputs: [runFiles.checkpoint],
    outputs: [runFiles.generated, runFiles.generatedJournal],
    resumable: true,
  },
  dedupe: {
    ...once,
    version: 2,
    inputs: [runFiles.generated, runFiles.train, runFiles.validation],
    optionalInputs: [runFiles.acceptedBefore],
    outputs: [runFiles.accepted, runFiles.rejected],
  },
  report: {
    ...once,
    version: 2,
    inputs: [runFiles.generated, runFiles.train, runFiles.validation, runFiles.metrics],
    optionalInputs: [runFiles.acceptedBefore],
    outputs: [runFiles.reportPage, runFiles.reportFigures],
    usesCountsOf: ['extract', 'dataset', 'finetune', 'generate'],
  },
};
