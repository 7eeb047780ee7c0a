import { randomUUID } from 'node:crypto';
import { packageVersion } from '../../io/package-root.js';
import { fieldSchemas, fromFields, readFields, toFields } from '../../options/json-schema.js';
import { generationOptions, samplingOptions } from '../../options/table/generation.js';
import { httpSeed } from '../../options/table/run.js';
import { fieldError, HttpError } from '../../web/http-error.js';
import { toHttpError } from '../../web/server/error-handler.js';
import { sendEvents, serverSentEvent } from '../../web/server/event-stream.js';
import type { HttpApp } from '../../web/server/http-app.js';
import type { CompletionRequest } from '../completion.js';
import type { ServedModel } from '../served-model.js';
import {
  type Completions,
  collect,
  internalErrorHint,
  type RouteContext,
  type StartedCompletion,
  submit,
  waitForStart,
} from './completion-submission.js';
import {
  type ConditionFields,
  checkText,
  conditionSchema,
  hiddenPrefix,
  longestPromptCharacters,
  randomSeed,
} from './prompt-fields.js';

/** A request body as OpenAI's clients send it; null means the same as leaving a field out. */
interface CompletionBody extends ConditionFields {
  readonly model: string;
  readonly prompt?: string | readonly string[] | null;
  readonly stop?: string | readonly string[] | null;
  readonly best_of?: number | null;
  readonly stream?: boolean | null;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
}

/** In the error of a field that is not supported: it must be… */
const description = 'left out, as this server does not support it';
const maxPrompts = 64;
const promptSchema = { type: 'string', maxLength: longestPromptCharacters } as const;
const stopSchema = { type: 'string', minLength: 1, maxLength: 200 } as const;

/** Fields that stand for options, with OpenAI's names, bounds and defaults. */
function fieldsFor(maxTexts: number) {
  const { nsamples, length, includePrefix } = generationOptions;
  const sampling = toFields(samplingOptions);
  return {
    ...sampling,
    temperature: { ...sampling.temperature, maximum: 2, default: 1 },
    top_p: { ...sampling.top_p, default: 1 },
    n: { ...nsamples, maximum: maxTexts, default: 1 },
    max_tokens: { ...length, default: 16 },
    seed: { ...httpSeed, default: undefined },
    echo: { ...includePrefix, default: false },
  } as const;
}

function schema(fields: Fields, served: ServedModel) {
  return {
    type: 'object',
    required: ['model'],
    additionalProperties: false,
    properties: {
      model: { type: 'string', maxLength: 500 },
      prompt: {
        anyOf: [
          promptSchema,
          { type: 'array', minItems: 1, maxItems: maxPrompts, items: promptSchema },
          { type: 'null' },
        ],
      },
      ...fieldSchemas({ ...fields, best_of: fields.n }, { nullable: true }),
      stop: { anyOf: [stopSchema, { type: 'array', maxItems: 4, items: stopSchema }, { type: 'null' }] },
      stream: { type: ['boolean', 'null'] },
      stream_options: {
        type: ['object', 'null'],
        additionalProperties: false,
        properties: { include_usage: { type: 'boolean' }, include_obfuscation: { type: 'boolean' } },
      },
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

type Fields = ReturnType<typeof fieldsFor>;

/** `GET /v1/models` and `POST /v1/completions` as OpenAI's clients know them. */
export function completionRoutes(app: HttpApp, context: RouteContext): void {
  const { inference, served } = context;
  const model = {
    id: served.name,
    object: 'model',
    created: Math.floor(Date.now() / 1000),
    owned_by: 'titlesmith',
  };
  const fields = fieldsFor(inference.maxTexts);
  app.get('/v1/models', async () => ({ object: 'list', data: [model] }));
  app.get('/v1/models/:name', async (request) => {
    assertModel((request.params as { name: string }).name, served.name);
    return model;
  });
  app.post<{ Body: CompletionBody }>(
    '/v1/completions',
    { schema: { body: schema(fields, served) } },
    async (request, reply) => {
      const { body } = request;
      assertModel(body.model, served.name);
      const completionRequest = toCompletionRequest(body, fields, served);
      const response = new CompletionResponse(served.name);
      const submission = submit(inference, reply, completionRequest);
      if (body.stream !== true) return response.toBody(await collect(submission, 'prompt'));
      const includeUsage = body.stream_options?.include_usage === true;
      return sendEvents(reply, response.chunks(await waitForStart(submission, 'prompt'), includeUsage));
    },
  );
}

function assertModel(requested: string, name: string): void {
  if (requested === name) return;
  const message = `There is no model ${JSON.stringify(requested)} here; this server has ${JSON.stringify(name)}.`;
  throw new HttpError(404, message, { code: 'model_not_found', field: 'model' });
}

/** @throws HttpError 400 naming the field. */
function toCompletionRequest(body: CompletionBody, fields: Fields, served: ServedModel): CompletionRequest {
  const values = readFields(fields, body);
  const { n: nsamples, max_tokens: length, seed = randomSeed(), echo } = values;
  const sampling = fromFields(samplingOptions, values);
  const maxTexts = fields.n.maximum;
  if ((body.best_of ?? nsamples) !== nsamples)
    throw fieldError('best_of', 'best_of must equal n: this server does not choose among texts.');
  const prefixes = [body.prompt ?? ''].flat();
  for (const prefix of prefixes) checkText('prompt', prefix);
  if (prefixes.length * nsamples > maxTexts)
    throw fieldError('n', `n and prompt ask for more than ${maxTexts} texts together.`);
  const stop = [body.stop ?? []].flat();
  for (const text of stop) checkText('stop', text);
  return {
    options: {
      seed,
      hiddenPrefix: hiddenPrefix(served, body, seed),
      nsamples,
      length,
      ...sampling,
      // The model takes 0 as off; OpenAI's 0 means the smallest possible nucleus.
      topP: Math.max(sampling.topP, 1e-9),
      prefixes,
      truncate: stop,
      includePrefix: echo,
    },
    shorten: false,
    deltas: body.stream === true,
    judged: false,
  };
}

/** The response to one request, in one body or in chunks. */
class CompletionResponse {
  private readonly head: Readonly<Record<string, unknown>>;

  constructor(model: string) {
    this.head = {
      id: `cmpl-${randomUUID()}`,
      object: 'text_completion',
      created: Math.floor(Date.now() / 1000),
      model,
      system_fingerprint: `titlesmith-${packageVersion}`,
    };
  }

  toBody({ texts, promptTokens }: Completions) {
    const choices = texts.map(({ index, text, finishReason }) => choice(index, text, finishReason));
    const tokens = texts.reduce((sum, each) => sum + each.tokens, 0);
    return { ...this.head, choices, usage: usage(promptTokens, tokens) };
  }

  async *chunks(
    { promptTokens, events }: StartedCompletion,
    includeUsage: boolean,
  ): AsyncGenerator<string, void, undefined> {
    const usageField = includeUsage ? { usage: null } : {};
    const chunk = (...choices: readonly unknown[]) =>
      serverSentEvent({ ...this.head, choices, ...usageField });
    let tokens = 0;
    try {
      for await (const event of events) {
        if (event.kind === 'delta') yield chunk(choice(event.index, event.delta, null));
        if (event.kind !== 'text') continue;
        const { index, finishReason } = event.text;
        tokens += event.text.tokens;
        yield chunk(choice(index, event.rest, finishReason));
      }
      if (includeUsage)
        yield serverSentEvent({ ...this.head, choices: [], usage: usage(promptTokens, tokens) });
      yield serverSentEvent('[DONE]');
    } catch (error) {
      yield serverSentEvent(toHttpError(error, internalErrorHint).toBody());
    }
  }
}

function choice(index: number, text: string, finish_reason: string | null) {
  return { index, text, logprobs: null, finish_reason };
}

function usage(promptTokens: readonly number[], completion_tokens: number) {
  const prompt_tokens = promptTokens.reduce((sum, count) => sum + count, 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
