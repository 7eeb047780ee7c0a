import { delimiters, precisions } from './choices.js';
import { decidedValue, flag, list, type OptionSpecification, value } from './option-specification.js';
import { optionTable } from './option-table.js';
import { choice, decimal, integer, path, text, truth } from './option-values.js';

const server = { group: 'Server', stages: [] } as const;
const generation = { group: 'Generation', stages: [] } as const;

/** An origin as browsers send it, or `*`. */
function origin(value: string): string {
  if (value !== '*' && !/^https?:\/\/[A-Za-z0-9.[\]:-]+$/.test(value)) {
    throw new Error('is neither * nor an origin such as https://example.org');
  }
  return value.toLowerCase();
}

/** The options of `serve`. What is not given is as recorded in the run, where it is one. */
export const serveOptionTable = {
  port: decidedValue('<number>', integer(0, 65_535), {
    ...server,
    help: 'Port to listen on; 0: any free one.',
    defaultInWords: 'PORT of the environment, else 8080',
  }),
  host: decidedValue('<address>', text, {
    ...server,
    help: 'Address to listen on; 0.0.0.0: all of this machine.',
    defaultInWords: '127.0.0.1; 0.0.0.0 in a container',
  }),
  name: decidedValue('<name>', text, {
    ...server,
    help: 'What clients call the model.',
    defaultInWords: 'that of the run or model',
  }),
  slots: value('<count>', integer(1, 1024), 32, { ...server, help: 'Texts generated side by side.' }),
  queue: decidedValue('<count>', integer(0, 100_000), {
    ...server,
    help: 'Texts that may wait for a slot; requests for more get 429 with Retry-After.',
    defaultInWords: 'half as many as slots',
  }),
  deadline: value('<seconds>', decimal({ minimum: 0.1, maximum: 3600 }), 30, {
    ...server,
    help: 'Seconds a request may take.',
  }),
  capacity: value('<tokens>', integer(2, 1024), 256, {
    ...server,
    help: "Longest text in tokens, its prompt included; the model's context bounds it too.",
  }),
  device: optionTable.device,
  engine: optionTable.engine,
  threads: optionTable.threads,
  precision: decidedValue('<precision>', choice(...precisions), {
    ...generation,
    help: 'float32; float16 on a device that has it; or int8: weights in 8 bits, faster and slightly less exact.',
    defaultInWords: "the run's, else float32",
  }),
  delimiters: decidedValue('<token|text>', choice(...delimiters), {
    ...generation,
    help: 'What stands around titles for the model.',
    defaultInWords: "the run's, else token",
  }),
  compare: value('<true|false>', truth, true, {
    ...generation,
    help: "Compare the texts of the page with the run's training titles.",
  }),
  apiKeyFile: decidedValue('<path>', path, {
    ...server,
    help: 'File with a key that requests must bring; or TITLESMITH_API_KEY in the environment.',
    defaultInWords: 'none: anyone may ask',
  }),
  corsOrigin: list('<origin...>', origin, {
    ...server,
    help: 'Origins whose pages may call the server; * for all.',
    defaultInWords: 'none',
  }),
  log: value('<format>', choice('auto', 'json', 'text', 'off'), 'auto', {
    ...server,
    help: 'json: an object a line; text; off; auto: text on a terminal, else json.',
  }),
  logPrompts: flag({ ...server, help: 'Put what people ask for into the log.' }),
} as const;

/** The value of every option of `serve`. */
export type ServeOptions = {
  readonly [Name in keyof typeof serveOptionTable]: (typeof serveOptionTable)[Name] extends OptionSpecification<
    infer Value
  >
    ? Value
    : never;
} & { readonly json: boolean };
