import { deviceNames, engineNames } from '../choices.js';
import type { OptionRows } from '../option-row.js';

const device = { group: 'Device', commands: ['pipeline', 'finetune', 'generate', 'serve'] } as const;

/** The model to start from. */
export const modelOptions = {
  model: {
    group: 'Model',
    commands: ['pipeline', 'finetune'],
    type: 'text',
    default: 'auto',
    argument: 'model',
    help: 'auto; base (a small GPT-2 that ships with titlesmith); nano (one trained from scratch); 124M, 355M, 774M, 1558M, distil; a Hugging Face id; or a folder.',
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
