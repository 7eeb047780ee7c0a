/** Names of the files and folders in a run folder, relative to it. */
export const runFiles = {
  titles: 'titles.csv',
  dropped: 'dropped.csv',
  dataset: 'dataset',
  train: 'dataset/train.txt',
  validation: 'dataset/validation.txt',
  tokens: 'tokens',
  trainTokens: 'tokens/train.bin',
  validationTokens: 'tokens/validation.bin',
  checkpoint: 'checkpoint',
  /** The checkpoint that a training with --restore-from latest began with. */
  earlierCheckpoint: 'checkpoint-before',
  metrics: 'metrics.jsonl',
  samples: 'samples',
  events: 'tensorboard/events.out.tfevents.titlesmith',
  generated: 'generated.jsonl',
  /** Texts in the order they were finished, until generated.jsonl is written whole. */
  generatedJournal: 'generated.partial.jsonl',
  judgement: 'judgement.json',
  accepted: 'accepted.txt',
  /** With --add-months, what the run had accepted before it generated anew. */
  acceptedBefore: 'accepted-before.txt',
  rejected: 'rejected.csv',
  reportPage: 'report.html',
  reportFigures: 'report.json',
  /** With --add-months, the posts of the months that the run has asked for. */
  months: 'months',
} as const;
