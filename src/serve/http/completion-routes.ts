import { randomUUID } from 'node:crypto';
import { packageVersion } from '../../common/package-facts.js';
import { ranked } from '../../model/generation/best-of.js';
import { HttpError } from '../../web/http-error.js';
import { toHttpError } from '../../web/server/error-handler.js';
import { sendEvents, serverSentEvent } from '../../web/server/event-stream.js';
import type { HttpApp } from '../../web/server/http-app.js';
import type { FinishedText, LogProbabilities } from '../completion.js';
import type { PooledModel } from '../inference/model-pool.js';
import {
  type CompletionBody,
  completionFields,
  completionSchema,
  readCompletion,
} from './completion-fields.js';
import {
  type Completions,
  collect,
  internalErrorHint,
  type RouteContext,
  type StartedCompletion,
  submit,
  waitForStart,
} from './completion-submission.js';

/** Room for the most token ids that 64 prompts may hold together. */
const maxBodyBytes = 512 * 1024;

/** `GET /v1/models` and `POST /v1/completions` as OpenAI's clients know them. */
export function completionRoutes(app: HttpApp, context: RouteContext): void {
  const { models } = context;
  const created = Math.floor(Date.now() / 1000);
  const describe = ({ name }: PooledModel) => ({
    id: name,
    object: 'model',
    created,
    owned_by: 'titlesmith',
  });
  const fields = completionFields(models.maxTexts);
  app.get('/v1/models', async () => ({ object: 'list', data: models.all.map(describe) }));
  app.get('/v1/models/:name', async (request) =>
    describe(models.find((request.params as { name: string }).name)),
  );
  app.route({
    method: ['GET', 'POST'],
    url: '/v1/chat/completions',
    // Before the body is read, whatever it holds.
    onRequest: async () => {
      throw new HttpError(
        404,
        'These models complete texts and do not chat: POST /v1/completions takes a prompt.',
        {
          code: 'not_found',
        },
      );
    },
    handler: async () => undefined,
  });
  app.post<{ Body: CompletionBody }>(
    '/v1/completions',
    { bodyLimit: maxBodyBytes, schema: { body: completionSchema(fields) } },
    async (request, reply) => {
      const { body } = request;
      const model = models.choose(body.model);
      const { served } = model;
      // Known here: a request for which the model is not loaded yet is refused before its body is read.
      const vocabularySize = model.facts?.vocabularySize ?? 0;
      const completionRequest = readCompletion(body, fields, { served, vocabularySize });
      const response = new CompletionResponse(served.name);
      const submission = submit(model, reply, completionRequest);
      if (body.stream !== true) return response.toBody(await collect(submission, 'prompt'), body);
      const includeUsage = body.stream_options?.include_usage === true;
      return sendEvents(reply, response.chunks(await waitForStart(submission, 'prompt'), includeUsage));
    },
  );
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

  /** @param body how many of the texts of each prompt to give back, and whether with their scores. */
  toBody({ texts, promptTokens }: Completions, { n, best_of, logprobs }: CompletionBody) {
    const wanted = n ?? 1;
    const isScored = logprobs !== undefined && logprobs !== null;
    const choices = bestTexts(texts, wanted, best_of ?? wanted).map(({ text, logprobs: scores }, index) =>
      choice({
        index,
        text: text.text,
        finishReason: text.finishReason,
        logprobs: isScored ? scores : undefined,
      }),
    );
    // All that were generated, also those that are not given back.
    const tokens = texts.reduce((sum, { text }) => sum + text.tokens, 0);
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
        if (event.kind === 'delta') {
          const { index, delta, logprobs } = event;
          yield chunk(choice({ index, text: delta, finishReason: null, logprobs }));
        }
        if (event.kind !== 'text') continue;
        const { text, rest, logprobs } = event;
        const { index, finishReason } = text;
        tokens += text.tokens;
        yield chunk(choice({ index, text: rest, finishReason, logprobs }));
      }
      if (includeUsage)
        yield serverSentEvent({ ...this.head, choices: [], usage: usage(promptTokens, tokens) });
      yield serverSentEvent('[DONE]');
    } catch (error) {
      yield serverSentEvent(toHttpError(error, internalErrorHint).toBody());
    }
  }
}

/** Of the texts of each prompt, `best_of` one after the other, the `n` of the highest log probability a token. */
function bestTexts(texts: readonly FinishedText[], n: number, bestOf: number): readonly FinishedText[] {
  if (bestOf === n) return texts;
  const prompts = Array.from({ length: texts.length / bestOf }, (_, prompt) =>
    texts.slice(prompt * bestOf, (prompt + 1) * bestOf),
  );
  return prompts.flatMap((own) =>
    ranked(own, 'probability')
      .slice(0, n)
      .map((place) => own[place]!),
  );
}

/** A text, or what was added to it, in OpenAI's form. */
function choice({
  index,
  text,
  finishReason: finish_reason,
  logprobs,
}: {
  readonly index: number;
  readonly text: string;
  readonly finishReason: string | null;
  readonly logprobs: LogProbabilities | undefined;
}) {
  return { index, text, logprobs: logprobs ? toLogprobs(logprobs) : null, finish_reason };
}

function toLogprobs({ tokens, tokenLogprobs, topLogprobs, textOffset }: LogProbabilities) {
  return { tokens, token_logprobs: tokenLogprobs, top_logprobs: topLogprobs, text_offset: textOffset };
}

function usage(promptTokens: readonly number[], completion_tokens: number) {
  const prompt_tokens = promptTokens.reduce((sum, count) => sum + count, 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
