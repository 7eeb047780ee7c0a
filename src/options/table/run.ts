import { commandNames, stageNames, verdictNames } from '../choices.js';
import type { OptionRows } from '../option-row.js';

/** Which titles and models are refused. */
export const reviewOptions = {
  similarityThreshold: {
    group: 'Review',
    commands: ['pipeline', 'dedupe'],
    stages: ['dedupe'],
    type: 'number',
    minimum: 0,
    exclusiveMinimum: true,
    maximum: 1,
    or: 'auto',
    default: 0.8,
    argument: 'rating',
    help:
      'Similarity to a training title, 0 to 1, from which a title is refused as a near copy; auto: the lowest at ' +
      'which at most 1% of the held-out titles would be refused.',
  },
  keepBaseCopies: {
    group: 'Review',
    commands: ['pipeline', 'dedupe'],
    stages: ['dedupe'],
    type: 'switch',
    help: "Keep titles that titlesmith's base model was trained on; otherwise a model that began with it has them refused as base copies.",
  },
  semantic: {
    group: 'Review',
    commands: ['pipeline', 'dedupe'],
    stages: ['dedupe'],
    type: 'switch',
    help:
      'Refuse paraphrases too: titles that mean what a training title means, by a small sentence model (24 MB, taken from the ' +
      'Hugging Face hub once).',
  },
  semanticModel: {
    group: 'Review',
    commands: ['pipeline', 'dedupe'],
    stages: ['dedupe'],
    type: 'text',
    argument: 'name',
    implies: ['semantic'],
    help: 'Sentence model of --semantic: a folder with onnx/model.onnx and tokenizer.json, or a Hugging Face id.',
    defaultInWords: 'sentence-transformers/all-MiniLM-L6-v2',
  },
  semanticThreshold: {
    group: 'Review',
    commands: ['pipeline', 'dedupe'],
    stages: ['dedupe'],
    type: 'number',
    minimum: 0.5,
    maximum: 0.99,
    or: 'auto',
    argument: 'cosine',
    implies: ['semantic'],
    help:
      'Cosine with a training title, 0.5 to 0.99, from which --semantic refuses a title; auto: by cosine and single words, so ' +
      'that at most 1% of the held-out titles would be refused.',
    defaultInWords: 'auto',
  },
  failOnOverfit: {
    group: 'Review',
    commands: ['pipeline', 'report'],
    type: 'switch',
    help: 'End with exit code 3 when the report finds that the model overfits.',
  },
  failOn: {
    group: 'Review',
    commands: ['pipeline', 'report'],
    type: 'choices',
    choices: verdictNames,
    default: [],
    argument: 'verdicts',
    help: 'The same for any verdicts: underfits, healthy, leans, overfits, unknown, or several with commas between them.',
    defaultInWords: 'none',
  },
} as const satisfies OptionRows;

/** The run as a whole. */
export const runOptions = {
  seed: {
    group: 'Run',
    commands: ['pipeline', 'finetune', 'generate'],
    stages: ['finetune', 'generate'],
    type: 'integer',
    minimum: 0,
    maximum: 2 ** 32 - 1,
    default: 1,
    argument: 'number',
    help: 'Seed of all randomness.',
  },
  runName: {
    group: 'Run',
    commands: ['pipeline', 'import'],
    type: 'runName',
    argument: 'name',
    help: 'Folder name of the run.',
    defaultInWords: 'the subreddit',
    inCommand: { import: { help: 'Folder name of the run.', defaultInWords: 'as it was called' } },
  },
  runsDir: {
    group: 'Run',
    commands: ['pipeline', 'import'],
    type: 'path',
    default: 'runs',
    argument: 'folder',
    help: 'Where run folders are kept.',
  },
  until: {
    group: 'Run',
    commands: ['pipeline'],
    type: 'choice',
    choices: stageNames,
    default: 'report',
    argument: 'stage',
    help: `Last stage to run: ${stageNames.join(', ')}.`,
  },
  overwrite: {
    group: 'Run',
    commands: ['pipeline', 'finetune', 'generate', 'dedupe', 'report', 'export', 'import'],
    type: 'switch',
    help: 'Start anew; what an earlier run of that name left, or with another command what that writes, is replaced as the new one gets there.',
    inCommand: {
      finetune: { help: 'Train anew; the checkpoint is replaced when the training is done.' },
      generate: { help: 'Replace the titles that were generated, and do not add to them.' },
      dedupe: { help: 'Judge anew, though nothing has changed.' },
      report: { help: 'Write it anew, though nothing has changed.' },
      export: { help: 'Replace an archive of that name.' },
      import: { help: 'Replace a run of that name.' },
    },
  },
  json: { group: 'Run', commands: commandNames, type: 'switch', help: 'Print JSON lines instead of text.' },
} as const satisfies OptionRows;

/** Seed over HTTP: any safe integer, as OpenAI's clients send it. */
export const httpSeed = {
  ...runOptions.seed,
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
} as const;
