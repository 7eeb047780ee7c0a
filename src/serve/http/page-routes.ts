import { readClientBundle } from '../../io/client-bundle.js';
import { fieldSchemas, fromFields, readFields } from '../../options/json-schema.js';
import { samplingOptions } from '../../options/table/generation.js';
import { findDifferences } from '../../report/differences.js';
import { toHttpError } from '../../web/server/error-handler.js';
import { sendEvents, serverSentEvent } from '../../web/server/event-stream.js';
import { type HttpApp, type HttpRequest, servePage } from '../../web/server/http-app.js';
import type { Completion, CompletionRequest } from '../completion.js';
import type { ShownText, TextsEvent, TextsRequest } from '../page/page-messages.js';
import { renderServePage, textFields } from '../page/serve-page.js';
import type { ServedModel } from '../served-model.js';
import {
  internalErrorHint,
  type RouteContext,
  type StartedCompletion,
  submit,
  waitForStart,
} from './completion-submission.js';
import {
  checkText,
  conditionSchema,
  hiddenPrefix,
  longestPromptCharacters,
  randomSeed,
} from './prompt-fields.js';

/** The page, its style sheet and its script. */
export const pageAddresses = ['/page', '/page.css', '/page.js'] as const;

function schema(maxTexts: number) {
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      model: { type: 'string', maxLength: 500 },
      prompt: { type: 'string', maxLength: longestPromptCharacters },
      ...fieldSchemas({ ...textFields, n: { ...textFields.n, maximum: maxTexts } }),
      ...conditionSchema,
    },
  };
}

/** The page where people generate texts, of the model that its address names; and the stream of texts it requests. */
export function pageRoutes(app: HttpApp, { models, settings }: RouteContext): void {
  const pageOf = ({ query }: HttpRequest): string => {
    const named = (query as { readonly model?: unknown }).model;
    const { served } = typeof named === 'string' ? models.find(named) : models.first;
    const { condition } = served;
    return renderServePage({
      name: served.name,
      names: models.all.map(({ name }) => name),
      maxTexts: models.maxTexts,
      capacity: settings.capacity,
      compared: served.titles !== undefined,
      someCompared: models.all.some((model) => model.served.titles !== undefined),
      needsKey: settings.apiKey !== undefined,
      subreddits: condition?.names.includes('subreddit') ? condition.subreddits : [],
      byKeywords: condition?.names.includes('keywords') ?? false,
    });
  };
  const [address, styles, script] = pageAddresses;
  servePage(app, {
    page: { url: address, content: pageOf },
    styles: { url: styles, content: readClientBundle('serve.css') },
    script: { url: script, content: readClientBundle('serve.js') },
  });
  app.post<{ Body: TextsRequest }>(
    '/texts',
    { schema: { body: schema(models.maxTexts) } },
    async ({ body }, reply) => {
      const model = models.choose(body.model);
      const request = toCompletionRequest(body, model.served);
      const submission = submit(model, reply, request);
      return sendEvents(reply, eventLines(await waitForStart(submission, 'prompt'), request));
    },
  );
}

function toCompletionRequest(body: TextsRequest, served: ServedModel): CompletionRequest {
  const { prompt = '' } = body;
  const values = readFields(textFields, body);
  const { n: nsamples, length, seed = randomSeed() } = values;
  checkText('prompt', prompt);
  return {
    options: {
      seed,
      hiddenPrefix: hiddenPrefix(served, body, seed),
      nsamples,
      length,
      ...fromFields(samplingOptions, values),
      truncate: undefined,
      includePrefix: true,
    },
    prompts: [prompt],
    shorten: true,
    deltas: true,
    judged: true,
  };
}

async function* eventLines(
  started: StartedCompletion,
  { options }: CompletionRequest,
): AsyncGenerator<string, void, undefined> {
  const line = ({ name, data }: TextsEvent): string => serverSentEvent(data, name);
  try {
    yield line({ name: 'begin', data: { seed: options.seed, n: options.nsamples } });
    for await (const event of started.events) {
      if (event.kind === 'text') yield line({ name: 'text', data: toShownText(event.text) });
      else if (event.kind === 'delta')
        yield line({ name: 'piece', data: { index: event.index, piece: event.delta } });
    }
    yield line({ name: 'end', data: {} });
  } catch (error) {
    yield line({ name: 'error', data: toHttpError(error, internalErrorHint).toBody() });
  }
}

/** A finished text, compared word by word with the closest training title. */
function toShownText({ judgement, ...text }: Completion): ShownText {
  if (!judgement) return text;
  const { reason, evidence, rating, matched, second } = judgement;
  const compared = matched === undefined ? undefined : findDifferences(text.text, matched);
  return {
    ...text,
    copy: reason === undefined ? null : { reason, evidence: evidence ?? '', second: second ?? '' },
    isCopied: reason !== undefined && reason !== 'blank' && reason !== 'broken text',
    closest: compared && {
      rating,
      text: compared.first.join(' '),
      title: compared.second.join(' '),
      runs: compared.runs,
    },
  };
}
