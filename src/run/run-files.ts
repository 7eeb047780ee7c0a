/** Names the process that writes a run folder; others that begin so are left by processes that were killed. */
export const lockFileName = 'run.lock';

/** Paths of the files and folders in a run folder, relative to it. */
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
  metrics: 'metrics.jsonl',
  samples: 'samples',
  /** Losses of held-out and training titles. Runs of earlier versions have none. */
  titleLosses: 'title-losses.json',
  /** Titles that were invented and planted among those to train on, with --canaries. */
  canaries: 'canaries.json',
  events: 'tensorboard/events.out.tfevents.titlesmith',
  generated: 'generated.jsonl',
  /** Texts in the order they were finished, until generated.jsonl is written. */
  generatedJournal: 'generated.partial.jsonl',
  judgement: 'judgement.json',
  accepted: 'accepted.txt',
  /** With --add-months, titles accepted in earlier generations. */
  acceptedBefore: 'accepted-before.txt',
  rejected: 'rejected.csv',
  decisions: 'decisions.jsonl',
  reportPage: 'report.html',
  reportFigures: 'report.json',
  /** With --add-months, the posts of the fetched months. */
  months: 'months',
} as const;

/** The file of the texts that were sampled at a step of training. */
export function sampleFile(step: number): string {
  return `${runFiles.samples}/step-${String(step).padStart(6, '0')}.txt`;
}

/** The optimizer's state, most of a run, which only a training that goes on needs. */
export const optimizerState = `${runFiles.checkpoint}/optimizer.safetensors`;

/** Files of the optimizer state, which is of no use to a training on other titles, nor to what generates. */
const optimizerFiles = ['optimizer.safetensors', 'training.json'];

/** Whether a file of a run, by its path relative to the run folder, holds where a training was rather than a model. */
export function isOptimizerFile(path: string): boolean {
  return (
    path.startsWith(`${runFiles.checkpoint}/`) && optimizerFiles.some((name) => path.endsWith(`/${name}`))
  );
}
