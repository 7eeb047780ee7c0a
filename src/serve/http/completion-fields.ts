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
  readonly n?: number | null;
  readonly best_of?: number | null;
  readonly logprobs?: number | null;
  readonly stream?: boolean | null;
  readonly stream_options?: { readonly include_usage?: boolean | null } | null;
}

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
    best_of: { ...nsamples, maximum: maxTexts, default: undefined },
    // 0: no new token, as the prompt is to be scored.
    max_tokens: { ...length, minimum: 0, default: undefined },
    max_completion_tokens: { ...length, minimum: 0, default: undefined },
    logprobs,
    seed: { ...httpSeed, default: undefined },
    echo: { ...includePrefix, default: false },
  } as const;
}

type CompletionFields = ReturnType<typeof completionFields>;

/** Likeliest tokens to name beside each token. */
const logprobs = { ...generationOptions.length, minimum: 0, maximum: 5, default: undefined } as const;

/** OpenAI's `max_tokens` where a request names none. */
const defaultLength = 16;

/** The JSON Schema of a body, the prompt aside, which {@link readPrompts} checks. */
export function completionSchema(fields: CompletionFields) {
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      model: { type: ['string', 'null'], maxLength: 500 },
      prompt: {},
      ...fieldSchemas(fields, { nullable: true }),
      stop: { anyOf: [stopSchema, { type: 'array', maxItems: 4, items: stopSchema }, { type: 'null' }] },
      stream: { type: ['boolean', 'null'] },
      stream_options: {
        type: ['object', 'null'],
        additionalProperties: false,
        properties: {
          include_usage: { type: ['boolean', 'null'] },
          include_obfuscation: {
            enum: [false, null],
            description: 'false or left out, as this server does not pad its chunks',
          },
        },
      },
      // Whom a request is for, which OpenAI watches for abuse: of no effect here.
      user: { type: ['string', 'null'], maxLength: 1000 },
      ...conditionSchema,
      suffix: { enum: ['', null], description: 'left out, as this server only continues texts' },
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
  const { n, best_of: bestOf = n, seed = randomSeed(), echo } = values;
  const sampling = fromFields(samplingOptions, values);
  const length = readLength(values);
  checkLength(length, echo, bestOf);
  checkBestOf(n, bestOf, body.stream === true);
  const prompts = readPrompts(body.prompt, vocabularySize);
  checkTextCount(fields.n.maximum, prompts.length, { n, bestOf });
  checkTokenIds(sampling.logitBias, vocabularySize);
  if (typeof prompts[0] !== 'string') checkNoCondition(body);
  const stop = [body.stop ?? []].flat();
  for (const text of stop) checkText('stop', text);
  if (body.stream_options && body.stream !== true)
    throw fieldError('stream_options', 'stream_options is for streams: set stream to true, or leave it out.');
  return {
    options: {
      seed,
      hiddenPrefix: typeof prompts[0] === 'string' ? hiddenPrefix(served, body, seed) : undefined,
      nsamples: bestOf,
      length,
      ...sampling,
      // The model takes 0 as off; OpenAI's 0 means the smallest possible nucleus.
      topP: Math.max(sampling.topP, 1e-9),
      truncate: stop,
      includePrefix: echo,
    },
    prompts,
    ...scoresFor(values.logprobs, { echo, ranked: bestOf > n }),
    shorten: false,
    deltas: body.stream === true,
    judged: false,
  };
}

/** Scores of tokens, where they are shown or texts are ranked by them. */
function scoresFor(
  logprobs: number | undefined,
  { echo, ranked }: { readonly echo: boolean; readonly ranked: boolean },
): Pick<CompletionRequest, 'scores'> {
  if (logprobs === undefined && !ranked) return {};
  return { scores: { alternatives: logprobs ?? 0, ofPrompt: echo && logprobs !== undefined } };
}

function checkLength(length: number, echo: boolean, bestOf: number): void {
  if (length > 0) return;
  if (!echo) {
    const message =
      'max_tokens must be at least 1, or 0 with echo true, which scores the prompt alone; it is 0.';
    throw fieldError('max_tokens', message);
  }
  if (bestOf > 1)
    throw fieldError(
      'n',
      `n must be 1 where max_tokens is 0, as the prompt is the only text; it is ${bestOf}.`,
    );
}

function checkBestOf(n: number, bestOf: number, streams: boolean): void {
  if (bestOf < n) throw fieldError('best_of', `best_of must be at least n, ${n}; it is ${bestOf}.`);
  if (bestOf === n || !streams) return;
  const message = `best_of must equal n, ${n}, in a stream, as texts are chosen when all are finished; it is ${bestOf}.`;
  throw fieldError('best_of', message);
}

function checkTextCount(
  maxTexts: number,
  prompts: number,
  { n, bestOf }: { readonly n: number; readonly bestOf: number },
): void {
  if (prompts * bestOf <= maxTexts) return;
  if (bestOf === 1) {
    const rule = `must hold at most ${maxTexts} prompts, the texts that this server takes at a time`;
    throw fieldError('prompt', `prompt ${rule}; it holds ${prompts}.`);
  }
  const field = bestOf > n ? 'best_of' : 'n';
  const message =
    `${field} times the number of prompts must be at most ${maxTexts}, the texts that this server takes at a ` +
    `time; it is ${bestOf} times ${prompts}.`;
  throw fieldError(field, message);
}

/** Of OpenAI's `logit_bias`. */
function checkTokenIds(biases: Readonly<Record<string, number>> | undefined, vocabularySize: number): void {
  for (const id of Object.keys(biases ?? {})) {
    if (/^(0|[1-9]\d*)$/.test(id) && Number(id) < vocabularySize) continue;
    const message = `logit_bias must name token ids, whole numbers from 0 to ${vocabularySize - 1}; one is ${id.slice(0, 20)}.`;
    throw fieldError('logit_bias', message);
  }
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
