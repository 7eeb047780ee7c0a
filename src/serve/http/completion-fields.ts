import { fieldSchemas, fromFields, readFields, toFields } from '../../options/json-schema.js';
import { generationOptions, samplingOptions } from '../../options/table/generation.js';
import { httpSeed } from '../../options/table/run.js';
import { fieldError } from '../../web/http-error.js';
import type { CompletionRequest } from '../completion.js';
import type { ServedModel } from '../served-model.js';
import {
  type ConditionFields,
  checkText,
  conditionSchema,
  hiddenPrefix,
  randomSeed,
} from './prompt-fields.js';
import { readPrompts } from './prompt-list.js';

/** A request body as OpenAI's clients send it; null means the same as leaving a field out. */
export interface CompletionBody extends ConditionFields {
  readonly model?: string | null;
  readonly prompt?: unknown;
  readonly stop?: string | readonly string[] | null;
  readonly best_of?: number | null;
  readonly stream?: boolean | null;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
}

/** In the error of a field that is not supported: it must be… */
const description = 'left out, as this server does not support it';
const stopSchema = { type: 'string', minLength: 1, maxLength: 200 } as const;

/** Fields that stand for options, with OpenAI's names, bounds and defaults. */
export function completionFields(maxTexts: number) {
  const { nsamples, length, includePrefix } = generationOptions;
  const sampling = toFields(samplingOptions);
  return {
    ...sampling,
    temperature: { ...sampling.temperature, maximum: 2, default: 1 },
    top_p: { ...sampling.top_p, default: 1 },
    n: { ...nsamples, maximum: maxTexts, default: 1 },
    max_tokens: { ...length, default: undefined },
    max_completion_tokens: { ...length, default: undefined },
    seed: { ...httpSeed, default: undefined },
    echo: { ...includePrefix, default: false },
  } as const;
}

type CompletionFields = ReturnType<typeof completionFields>;

/** OpenAI's `max_tokens` where a request names none. */
const defaultLength = 16;

/** The JSON Schema of a body, the prompt aside, which {@link readPrompts} checks. */
export function completionSchema(fields: CompletionFields, served: ServedModel) {
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      model: { type: ['string', 'null'], maxLength: 500 },
      prompt: {},
      ...fieldSchemas({ ...fields, best_of: fields.n }, { nullable: true }),
      stop: { anyOf: [stopSchema, { type: 'array', maxItems: 4, items: stopSchema }, { type: 'null' }] },
      stream: { type: ['boolean', 'null'] },
      stream_options: {
        type: ['object', 'null'],
        additionalProperties: false,
        properties: { include_usage: { type: 'boolean' }, include_obfuscation: { type: 'boolean' } },
      },
      // Whom a request is for, which OpenAI watches for abuse: of no effect here.
      user: { type: ['string', 'null'], maxLength: 1000 },
      ...conditionSchema(served),
      // Unsupported fields are rejected, unless their value has no effect.
      suffix: { enum: ['', null], description },
      logprobs: { enum: [null], description },
      presence_penalty: { enum: [0, null], description },
      frequency_penalty: { enum: [0, null], description },
      logit_bias: { anyOf: [{ type: 'object', maxProperties: 0 }, { type: 'null' }], description },
    },
  };
}

/**
 * What a body that fits the schema asks for.
 * @param vocabularySize number of the model's tokens.
 * @throws HttpError 400 naming the field and the rule it breaks.
 */
export function readCompletion(
  body: CompletionBody,
  fields: CompletionFields,
  { served, vocabularySize }: { readonly served: ServedModel; readonly vocabularySize: number },
): CompletionRequest {
  const values = readFields(fields, body);
  const { n: nsamples, seed = randomSeed(), echo } = values;
  const sampling = fromFields(samplingOptions, values);
  if ((body.best_of ?? nsamples) !== nsamples)
    throw fieldError('best_of', 'best_of must equal n: this server does not choose among texts.');
  const prompts = readPrompts(body.prompt, vocabularySize);
  checkTextCount(fields.n.maximum, prompts.length, nsamples);
  if (typeof prompts[0] !== 'string') checkNoCondition(body);
  const stop = [body.stop ?? []].flat();
  for (const text of stop) checkText('stop', text);
  if (body.stream_options && body.stream !== true)
    throw fieldError('stream_options', 'stream_options is for streams: set stream to true, or leave it out.');
  return {
    options: {
      seed,
      hiddenPrefix: typeof prompts[0] === 'string' ? hiddenPrefix(served, body, seed) : undefined,
      nsamples,
      length: readLength(values),
      ...sampling,
      // The model takes 0 as off; OpenAI's 0 means the smallest possible nucleus.
      topP: Math.max(sampling.topP, 1e-9),
      truncate: stop,
      includePrefix: echo,
    },
    prompts,
    shorten: false,
    deltas: body.stream === true,
    judged: false,
  };
}

function checkTextCount(maxTexts: number, prompts: number, nsamples: number): void {
  if (prompts * nsamples <= maxTexts) return;
  const message =
    `n times the number of prompts must be at most ${maxTexts}, the texts that this server takes at a time; ` +
    `it is ${nsamples} times ${prompts}.`;
  throw fieldError('n', message);
}

/** A prompt of ids is read as it is. */
function checkNoCondition(body: CompletionBody): void {
  for (const field of ['subreddit', 'keywords'] as const) {
    if (!body[field]) continue;
    const message = `${field} must be left out where the prompt is token ids, as nothing is put before them.`;
    throw fieldError(field, message);
  }
}

/** New tokens, by either of their names. */
function readLength(values: {
  readonly max_tokens?: number | undefined;
  readonly max_completion_tokens?: number | undefined;
}): number {
  const { max_tokens, max_completion_tokens } = values;
  if (
    max_tokens !== undefined &&
    max_completion_tokens !== undefined &&
    max_tokens !== max_completion_tokens
  ) {
    const message =
      'max_completion_tokens must equal max_tokens, whose other name it is, or be left out; ' +
      `they are ${max_completion_tokens} and ${max_tokens}.`;
    throw fieldError('max_completion_tokens', message);
  }
  return max_tokens ?? max_completion_tokens ?? defaultLength;
}
