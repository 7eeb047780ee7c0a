import type { OptionRows } from '../option-row.js';
import { generationOptions } from './generation.js';
import { deviceOptions } from './model.js';

const server = { group: 'Server', commands: ['serve'] } as const;
const generation = { group: 'Generation', commands: ['serve'] } as const;

/** The options of `serve`. Those without a default fall back to the value recorded in the run, if any. */
export const serveOptions = {
  port: {
    ...server,
    type: 'integer',
    minimum: 0,
    maximum: 65_535,
    argument: 'number',
    help: 'Port to listen on; 0: any free one.',
    defaultInWords: 'PORT of the environment, else 8080',
  },
  host: {
    ...server,
    type: 'text',
    argument: 'address',
    help: 'Address to listen on; 0.0.0.0: all of this machine.',
    defaultInWords: '127.0.0.1; 0.0.0.0 in a container',
  },
  name: {
    ...server,
    type: 'text',
    argument: 'name',
    help: 'What clients call the model.',
    defaultInWords: 'that of the run or model',
  },
  slots: {
    ...server,
    type: 'integer',
    minimum: 1,
    maximum: 1024,
    default: 32,
    argument: 'count',
    help: 'Texts generated side by side.',
  },
  queue: {
    ...server,
    type: 'integer',
    minimum: 0,
    maximum: 100_000,
    argument: 'count',
    help: 'Texts that may wait for a slot; requests for more get 429 with Retry-After.',
    defaultInWords: 'half as many as slots',
  },
  deadline: {
    ...server,
    type: 'number',
    minimum: 0.1,
    maximum: 3600,
    default: 30,
    argument: 'seconds',
    help: 'Seconds a request may take.',
  },
  capacity: {
    ...server,
    type: 'integer',
    minimum: 2,
    maximum: 1024,
    default: 256,
    argument: 'tokens',
    help: "Longest text in tokens, its prompt included; the model's context bounds it too.",
  },
  ...deviceOptions,
  precision: {
    ...generation,
    type: 'choice',
    choices: generationOptions.precision.choices,
    argument: 'precision',
    help: generationOptions.precision.help,
    defaultInWords: "the run's, else float32",
  },
  delimiters: {
    ...generation,
    type: 'choice',
    choices: generationOptions.delimiters.choices,
    argument: 'token|text',
    help: generationOptions.delimiters.help,
    defaultInWords: "the run's, else token",
  },
  compare: {
    ...generation,
    type: 'boolean',
    default: true,
    argument: 'true|false',
    help: "Compare the texts of the page with the run's training titles.",
  },
  apiKeyFile: {
    ...server,
    type: 'path',
    argument: 'path',
    help: 'File with a key that requests must bring; or TITLESMITH_API_KEY in the environment.',
    defaultInWords: 'none: anyone may ask',
  },
  corsOrigin: {
    ...server,
    type: 'origin',
    list: true,
    argument: 'origin',
    help: 'Origins whose pages may call the server; * for all.',
    defaultInWords: 'none',
  },
  log: {
    ...server,
    type: 'choice',
    choices: ['auto', 'json', 'text', 'off'],
    default: 'auto',
    argument: 'format',
    help: 'json: an object a line; text; off; auto: text on a terminal, else json.',
  },
  logPrompts: { ...server, type: 'switch', help: 'Put what people ask for into the log.' },
} as const satisfies OptionRows;
