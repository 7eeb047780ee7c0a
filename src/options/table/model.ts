import { deviceNames, engineNames } from '../choices.js';
import type { OptionRows } from '../option-row.js';

const device = {
  group: 'Device',
  commands: ['pipeline', 'finetune', 'generate', 'score', 'serve'],
} as const;

/** The model to start from. */
export const modelOptions = {
  model: {
    group: 'Model',
    commands: ['pipeline', 'finetune'],
    type: 'text',
    default: 'auto',
    argument: 'model',
    help: 'auto; base (a small GPT-2 that ships with titlesmith); nano (one trained from scratch); scratch (one of any size); 124M, 355M, 774M, 1558M, distil (GPT-2); smollm2, smollm2-360M; a Hugging Face id; a folder; or a GGUF file.',
  },
} as const satisfies OptionRows;

const size = {
  group: 'Model',
  commands: ['pipeline', 'finetune'],
  stages: ['finetune'],
  type: 'integer',
} as const;

/** The sizes of a model that is trained from scratch. By default they are nano's. */
export const sizeOptions = {
  width: {
    ...size,
    minimum: 8,
    maximum: 16_384,
    defaultFor: { scratch: 192 },
    argument: 'channels',
    help: 'Width of --model scratch, a multiple of --heads: the numbers that stand for a token in it.',
  },
  layers: {
    ...size,
    minimum: 1,
    maximum: 1024,
    defaultFor: { scratch: 4 },
    argument: 'count',
    alias: 'blocks',
    help: 'Transformer blocks of --model scratch.',
  },
  heads: {
    ...size,
    minimum: 1,
    maximum: 1024,
    defaultFor: { scratch: 6 },
    argument: 'count',
    help: 'Attention heads in each block of --model scratch.',
  },
  contextLength: {
    ...size,
    minimum: 8,
    maximum: 1024,
    defaultFor: { scratch: 128 },
    argument: 'tokens',
    help: 'Longest text of --model scratch; longer titles are left out of training.',
  },
  vocabularySize: {
    ...size,
    // All single bytes and the end token are always there; GPT-2 has 50,257.
    minimum: 257,
    maximum: 50_257,
    or: 'titles',
    defaultFor: { scratch: 'titles' },
    argument: 'tokens|titles',
    help:
      "Vocabulary of --model scratch: of GPT-2's tokens those that occur in the titles (titles), or the first, " +
      'this many with the end token.',
  },
} as const satisfies OptionRows;

/** What the model runs on. */
export const deviceOptions = {
  device: {
    ...device,
    type: 'choice',
    choices: ['auto', ...deviceNames],
    default: 'auto',
    argument: 'device',
    help: 'What computes: cpu; webgpu (any graphics card); cuda (NVIDIA); or auto, the first of cuda, webgpu and cpu that works.',
  },
  engine: {
    ...device,
    type: 'choice',
    choices: engineNames,
    default: 'onnxruntime',
    argument: 'engine',
    help: 'Library that runs the model: onnxruntime, or tfjs where a package of TensorFlow.js is installed.',
  },
  threads: {
    ...device,
    type: 'integer',
    minimum: 1,
    maximum: 1024,
    argument: 'count',
    help: 'Threads of the engine.',
    defaultInWords: 'one a core',
  },
} as const satisfies OptionRows;
