import { delimiters, precisions } from '../choices.js';
import { decidedValue, value } from '../option-specification.js';
import { choice, decimal, integer, path, text, truth } from '../option-values.js';

const generation = { group: 'Generation', stages: ['generate'] } as const;
const million = 1_000_000;

/** Options of generation. */
export const generationOptions = {
  nsamples: value('<count>', integer(1, million), 200, { ...generation, help: 'Titles to generate.' }),
  length: value('<tokens>', integer(1, 1023), 64, {
    ...generation,
    help: 'Most tokens in a generated title.',
  }),
  temperature: value('<number>', decimal({ minimum: 0, maximum: 100 }), 0.7, {
    ...generation,
    help: 'How adventurous sampling is; 0 always takes the likeliest token.',
  }),
  topK: value('<count>', integer(0, 50_257), 0, {
    ...generation,
    help: 'Sample from the k likeliest tokens; 0 is off.',
  }),
  topP: value('<share>', decimal({ minimum: 0, maximum: 1 }), 0, {
    ...generation,
    help: 'Sample from the likeliest tokens that make up this share; 0 is off.',
  }),
  prefix: decidedValue('<text>', text, { ...generation, help: 'Text every title begins with.' }),
  prefixFile: decidedValue('<path>', path, {
    ...generation,
    help: 'File of prefixes, one a line; --nsamples titles are generated of each.',
  }),
  truncate: decidedValue('<text>', text, {
    ...generation,
    help: 'Text at which a title ends.',
    defaultInWords: 'the end token',
  }),
  includePrefix: value('<true|false>', truth, true, {
    ...generation,
    help: 'Keep the prefix in the titles.',
  }),
  delimiters: value('<token|text>', choice(...delimiters), 'token', {
    ...generation,
    help:
      'What stands around titles for the model: the end token, or <|startoftext|> and <|endoftext|> as text, as ' +
      'gpt-2-simple trains.',
  }),
  precision: value('<precision>', choice(...precisions), 'float32', {
    ...generation,
    help: 'float32; float16 on a device that has it; or int8: weights in 8 bits, faster and slightly less exact.',
  }),
  slots: decidedValue('<count>', integer(1, 4096), {
    group: 'Generation',
    stages: [],
    help: 'Titles generated side by side; changes none of them. The generate command takes --batch-size for it too.',
    defaultInWords: '256, or what fits memory',
  }),
  sampleDelim: value('<text>', text, `${'='.repeat(20)}\n`, {
    group: 'Generation',
    stages: [],
    help: 'Text between titles that the generate command prints.',
    defaultInWords: 'a line of 20 equals signs',
  }),
} as const;
