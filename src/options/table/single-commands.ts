import { exportFormats, ggufTypes } from '../choices.js';
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
  page: {
    group: 'Run',
    commands: ['compare'],
    type: 'path',
    argument: 'file.html',
    help: 'Write the comparison as a page, too: one HTML file, which takes the place of an earlier one.',
  },
  format: {
    group: 'Export',
    commands: ['export'],
    type: 'choice',
    choices: exportFormats,
    default: 'onnx',
    argument: 'format',
    help: 'Form of that model: onnx, for transformers.js and ONNX Runtime; huggingface, for transformers; or gguf, for llama.cpp.',
  },
  ggufType: {
    group: 'Export',
    commands: ['export'],
    type: 'choice',
    choices: ggufTypes,
    default: 'f16',
    argument: 'type',
    help: 'Type of the matrices in --format gguf: float32, float16, or 8 bits with a scale for every 32.',
  },
  resume: {
    group: 'Batch',
    commands: ['batch'],
    type: 'switch',
    help: 'Go on with a batch that was cut short.',
  },
} as const satisfies OptionRows;
