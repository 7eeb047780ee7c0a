import { delimiters, precisions, rankings } from '../choices.js';
import type { OptionRows } from '../option-row.js';

const around = { group: 'Generation', commands: ['pipeline', 'generate'] } as const;
const generation = { ...around, stages: ['generate'] } as const;

/** Below it float32 logits, divided by the temperature, are too coarse to tell likely tokens apart: sampling is greedy. */
export const lowestTemperature = 1e-4;

/** How each token is sampled. Over HTTP the same, in snake case. */
export const samplingOptions = {
  temperature: {
    ...generation,
    type: 'number',
    minimum: 0,
    maximum: 100,
    default: 0.7,
    argument: 'number',
    help: 'How adventurous sampling is; 0 always takes the likeliest token.',
  },
  topK: {
    ...generation,
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    argument: 'count',
    help: 'Sample from the k likeliest tokens; 0 is off.',
  },
  topP: {
    ...generation,
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0,
    argument: 'share',
    help: 'Sample from the likeliest tokens that make up this share; 0 is off.',
  },
  minP: {
    ...generation,
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0,
    argument: 'share',
    help: 'Sample from tokens at least this share as likely as the likeliest (min-p); 0 is off.',
  },
  typicalP: {
    ...generation,
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0,
    argument: 'share',
    help: 'Sample from the tokens of most typical surprise that make up this share; 0 is off.',
  },
  repetitionPenalty: {
    ...generation,
    type: 'number',
    // Far below it logits that are divided by it are no longer finite.
    minimum: 0.01,
    maximum: 10,
    default: 1,
    argument: 'factor',
    help: 'Divide logits above 0 of tokens that the prompt or the title holds by this, multiply those below; 1 is off.',
  },
  presencePenalty: {
    ...generation,
    type: 'number',
    minimum: -2,
    maximum: 2,
    default: 0,
    argument: 'number',
    help: 'Subtract this from the logits of tokens that the generated text holds; 0 is off.',
  },
  frequencyPenalty: {
    ...generation,
    type: 'number',
    minimum: -2,
    maximum: 2,
    default: 0,
    argument: 'number',
    help: 'Subtract this from the logits of tokens for each time that the generated text holds them; 0 is off.',
  },
  logitBias: {
    ...generation,
    type: 'tokenBiases',
    minimum: -100,
    maximum: 100,
    argument: 'id=bias,...',
    help:
      'Add these to the logits of tokens, by their ids: 198=-100 never gives token 198. On the command line ' +
      '@biases.json reads them from a file, {"198": -100}.',
  },
} as const satisfies OptionRows;

/** Options of generation. */
export const generationOptions = {
  nsamples: {
    ...generation,
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    default: 200,
    argument: 'count',
    help: 'Titles to generate.',
    inCommand: {
      generate: {
        help: 'Titles to generate; of a run, besides those that it has.',
        defaultInWords: '200; of a run that has some, none',
      },
    },
  },
  length: {
    ...generation,
    type: 'integer',
    minimum: 1,
    maximum: 1023,
    // gpt-2-simple's 1023 is the whole context. A title takes about 15 tokens; an output that reaches 64 is degenerate.
    default: 64,
    argument: 'tokens',
    help: 'Most tokens in a generated title.',
  },
  ...samplingOptions,
  promptSubreddit: {
    ...generation,
    commands: ['generate', 'score', 'export'],
    flag: 'subreddit',
    type: 'subreddit',
    argument: 'name',
    help: 'Subreddit that titles are written for, or scored as, by a model that is prompted by name, or by base, which knows communities by name; of generate, score and export alone.',
    inCommand: {
      generate: {
        help: 'Subreddit that titles are written for, by a model that is prompted by name, or by base (titlesmith communities lists those that it knows).',
      },
      score: {
        help: 'Subreddit that titles are scored as, by a model that is prompted by name, or by base (titlesmith communities lists those that it knows).',
      },
      export: {
        help: 'Community that base is exported as it writes for (titlesmith communities lists those that it knows).',
      },
    },
  },
  guidanceScale: {
    ...generation,
    commands: ['generate', 'export'],
    type: 'number',
    minimum: 0,
    maximum: 10,
    argument: 'number',
    help:
      'How far base is guided to the community of --subreddit: 1 is its own estimate of the titles there, more is more typical of the ' +
      'community and less varied, 0 is base itself; of generate and export alone.',
    inCommand: {
      generate: {
        help: 'How far base is guided to the community of --subreddit: 1 is its own estimate of the titles there, more is more typical and less varied.',
      },
      export: {
        help: 'How far base is guided to the community of --subreddit: 1 is its own estimate of the titles there, the best to train on from.',
      },
    },
    implies: ['promptSubreddit'],
    defaultInWords: '1.5 with a community of base',
  },
  prefix: {
    ...generation,
    type: 'text',
    argument: 'text',
    help: 'Text every title begins with; spaces at its end are left out.',
    conflicts: ['prefixFile'],
  },
  prefixFile: {
    ...generation,
    type: 'path',
    argument: 'path',
    help: 'File of prefixes, one a line; --nsamples titles are generated of each.',
  },
  truncate: {
    ...generation,
    type: 'text',
    argument: 'text',
    help: 'Text at which a title ends.',
    defaultInWords: 'the end token',
  },
  includePrefix: {
    ...generation,
    type: 'boolean',
    default: true,
    argument: 'true|false',
    help: 'Keep the prefix in the titles; without it they begin behind the white space that follows it.',
  },
  delimiters: {
    ...generation,
    type: 'choice',
    choices: delimiters,
    default: 'token',
    argument: 'token|text',
    help:
      'What stands around titles for the model: the end token, or <|startoftext|> and <|endoftext|> as text, as ' +
      'gpt-2-simple trains.',
  },
  precision: {
    ...generation,
    commands: ['pipeline', 'generate', 'score'],
    type: 'choice',
    choices: precisions,
    default: 'float32',
    argument: 'precision',
    help: 'float32; float16 on a device that has it; or int8: weights in 8 bits, faster and slightly less exact.',
  },
  novel: {
    ...generation,
    type: 'switch',
    help:
      'Draw a title again that would be refused as a copy of a title that the model was shown, held out or knows by heart: none is ' +
      'refused for that afterwards. Of a run alone, whose titles are known.',
  },
  bestOf: {
    ...generation,
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 1,
    argument: 'count',
    help: 'Candidates to generate for every title, of which the best is kept (--rank); 16 for a community of base.',
  },
  rank: {
    ...generation,
    type: 'choice',
    choices: rankings,
    argument: 'probability|novelty|both',
    help:
      'The best candidate of --best-of: the one whose tokens the model finds likeliest on average; the one least like any title that ' +
      'the model was shown (of a run alone, whose titles are known), refused ones last; or the one of the best ranks by both.',
    defaultInWords: 'probability; for a community of base, how much likelier that makes a title',
  },
  printOnly: {
    ...around,
    commands: ['generate'],
    type: 'switch',
    help:
      'Print titles and leave the run as it is; of generate alone. They depend on --seed, without which one is drawn and said. ' +
      'Titles of a model that is no run are never kept.',
    conflicts: ['overwrite'],
  },
  slots: {
    ...around,
    type: 'integer',
    minimum: 1,
    maximum: 4096,
    argument: 'count',
    help: 'Titles generated side by side; changes none of them. The generate command takes --batch-size for it too.',
    inCommand: {
      generate: {
        help: 'Titles generated side by side; changes none of them. Also --batch-size.',
        defaultInWords: '256, or what fits memory',
      },
    },
    defaultInWords: '256, or what fits memory',
  },
  sampleDelim: {
    ...around,
    type: 'text',
    default: `${'='.repeat(20)}\n`,
    argument: 'text',
    help: 'Text between titles that the generate command prints.',
    defaultInWords: 'a line of 20 equals signs',
    inCommand: {
      generate: {
        help: 'Text between the titles that are printed.',
        defaultInWords: 'a line of 20 equals signs',
      },
    },
  },
} as const satisfies OptionRows;

/** Prompt text over HTTP. It may contain NUL, which no command line can. */
export const httpText = { ...generationOptions.prefix, allowsNul: true } as const;
