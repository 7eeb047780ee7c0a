import { exportFormats } from '../choices.js';
import type { OptionRows } from '../option-row.js';

/** Options of commands with only one or two of their own. */
export const singleCommandOptions = {
  port: {
    group: 'Server',
    commands: ['review'],
    type: 'integer',
    minimum: 1,
    maximum: 65_535,
    argument: 'number',
    help: 'Port to listen on.',
    defaultInWords: 'any free one',
  },
  output: {
    group: 'Export',
    commands: ['export'],
    type: 'path',
    argument: 'folder',
    help: 'A new or empty folder for the model, in place of an archive of the run.',
  },
  format: {
    group: 'Export',
    commands: ['export'],
    type: 'choice',
    choices: exportFormats,
    default: 'onnx',
    argument: 'format',
    help: 'Form of that model: onnx, for transformers.js and ONNX Runtime; or huggingface, for transformers.',
  },
  resume: {
    group: 'Batch',
    commands: ['batch'],
    type: 'switch',
    help: 'Go on with a batch that was cut short.',
  },
} as const satisfies OptionRows;
