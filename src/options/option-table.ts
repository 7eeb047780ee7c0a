import { deviceNames, engineNames, stageNames } from './choices.js';
import { decidedValue, flag, type OptionSpecification, value } from './option-specification.js';
import { choice, integer, path, runName, text, threshold } from './option-values.js';
import { generationOptions } from './table/generation.js';
import { titleOptions } from './table/titles.js';
import { trainingOptions } from './table/training.js';

const review = { group: 'Review', stages: ['dedupe'] } as const;
const run = { group: 'Run', stages: [] } as const;

/** Every option of every command. Names and defaults are gpt-2-simple's where it has the notion. */
export const optionTable = {
  ...titleOptions,
  model: value('<model>', text, 'auto', {
    group: 'Model',
    stages: [],
    help: 'auto; nano (a small GPT-2 trained from scratch); 124M, 355M, 774M, 1558M, distil; a Hugging Face id; or a folder.',
  }),
  device: value('<device>', choice('auto', ...deviceNames), 'auto', {
    group: 'Device',
    stages: [],
    help: 'What computes: cpu; webgpu (any graphics card); cuda (NVIDIA); or auto, the first of cuda, webgpu and cpu that works.',
  }),
  engine: value('<engine>', choice(...engineNames), 'onnxruntime', {
    group: 'Device',
    stages: [],
    help: 'Library that runs the model: onnxruntime, or tfjs where a package of TensorFlow.js is installed.',
  }),
  threads: decidedValue('<count>', integer(1, 1024), {
    group: 'Device',
    stages: [],
    help: 'Threads of the engine.',
    defaultInWords: 'one a core',
  }),
  ...trainingOptions,
  ...generationOptions,
  similarityThreshold: value<number | 'auto'>('<rating>', threshold, 0.8, {
    ...review,
    help:
      'Similarity to a training title, 0 to 1, from which a title is refused as a near copy; auto: the lowest at ' +
      'which at most 1% of the held-out titles would be refused.',
  }),
  failOnOverfit: flag({
    group: 'Review',
    stages: [],
    help: 'End with exit code 3 when the report finds that the model overfits.',
  }),
  seed: value('<number>', integer(0, 2 ** 32 - 1), 1, {
    group: 'Run',
    stages: ['finetune', 'generate'],
    help: 'Seed of all randomness.',
  }),
  runName: decidedValue('<name>', runName, {
    ...run,
    help: 'Folder name of the run.',
    defaultInWords: 'the subreddit',
  }),
  runsDir: value('<folder>', path, 'runs', { ...run, help: 'Where run folders are kept.' }),
  until: value('<stage>', choice(...stageNames), 'report', {
    ...run,
    help: `Last stage to run: ${stageNames.join(', ')}.`,
  }),
  overwrite: flag({ ...run, help: 'Remove what an earlier run of that name left, and start anew.' }),
  json: flag({ ...run, help: 'Print JSON lines instead of text.' }),
} as const;

export type OptionName = keyof typeof optionTable;

/** The value of every option. */
export type RunOptions = {
  readonly [Name in OptionName]: (typeof optionTable)[Name] extends OptionSpecification<infer Value>
    ? Value
    : never;
};
