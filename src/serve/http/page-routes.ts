import { randomInt } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { findDifferences } from '../../report/differences.js';
import { pagePolicy } from '../../web/security.js';
import { PromptTooLong } from '../inference/engine.js';
import { textBounds } from '../page/bounds.js';
import { renderServePage, serveScript, serveStyles } from '../page/page.js';
import type { ServedCondition, ServedText, TextsWanted } from '../served-model.js';
import { type Begun, begun, serverSentEvent, stream, streamedError, submit } from './answers.js';
import { type ConditionFields, conditionSchema, hiddenPrefix } from './conditions.js';
import type { AppContext } from './context.js';
import { assertWholeCharacters, longestPromptCharacters, tooLong } from './fields.js';

/** What the page's form sends. */
interface TextsRequest extends ConditionFields {
  readonly prompt?: string;
  readonly n?: number;
  readonly length?: number;
  readonly temperature?: number;
  readonly top_k?: number;
  readonly top_p?: number;
  readonly seed?: number;
}

function schema(mostTexts: number, condition: ServedCondition | undefined) {
  const { temperature, topK, topP, seed } = textBounds;
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      prompt: { type: 'string', maxLength: longestPromptCharacters },
      n: { type: 'integer', minimum: 1, maximum: mostTexts },
      length: { type: 'integer', minimum: 1, maximum: 1023 },
      temperature: { type: 'number', ...temperature },
      top_k: { type: 'integer', ...topK },
      top_p: { type: 'number', ...topP },
      seed: { type: 'integer', ...seed },
      ...conditionSchema(condition),
    },
  };
}

/** The page for people, and the stream of texts it asks for. */
export function pageRoutes(app: FastifyInstance, { served, settings, engine }: AppContext): void {
  const page = renderServePage({
    name: served.name,
    mostTexts: engine.mostTexts,
    longest: settings.capacity,
    compared: served.titles !== undefined,
    needsKey: settings.apiKey !== undefined,
    subreddits: served.condition?.names.includes('subreddit') ? served.condition.subreddits : [],
    byKeywords: served.condition?.names.includes('keywords') ?? false,
  });
  const file = (url: string, type: string, content: string): void => {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      handler: async (_, reply) =>
        reply.type(type).header('content-security-policy', pagePolicy).send(content),
    });
  };
  file('/page', 'text/html; charset=utf-8', page);
  file('/page.css', 'text/css; charset=utf-8', serveStyles);
  file('/page.js', 'text/javascript; charset=utf-8', serveScript);
  app.post<{ Body: TextsRequest }>(
    '/texts',
    { schema: { body: schema(engine.mostTexts, served.condition) } },
    async ({ body }, reply) => {
      const wanted = toWanted(body, served.condition);
      try {
        const submission = submit(engine, reply, wanted);
        return stream(reply, events(await begun(submission), wanted));
      } catch (error) {
        if (error instanceof PromptTooLong) throw tooLong('prompt', error.promptTokens, error.capacity);
        throw error;
      }
    },
  );
}

function toWanted(body: TextsRequest, condition: ServedCondition | undefined): TextsWanted {
  const { prompt = '', n, length, temperature, top_k, top_p } = body;
  const seed = body.seed ?? randomInt(2 ** 32);
  assertWholeCharacters('prompt', prompt);
  return {
    options: {
      seed,
      hiddenPrefix: hiddenPrefix(condition, body, seed),
      nsamples: n ?? 1,
      length: length ?? 64,
      temperature: temperature ?? 0.7,
      topK: top_k ?? 0,
      topP: top_p ?? 0,
      prefixes: [prompt],
      truncate: undefined,
      includePrefix: true,
    },
    shorten: true,
    pieces: true,
    judged: true,
  };
}

/** `begin`, then `piece` and `text` as they come, then `end`; or `error` where it ends before. */
async function* events(request: Begun, { options }: TextsWanted): AsyncGenerator<string, void, undefined> {
  try {
    yield serverSentEvent({ seed: options.seed, n: options.nsamples }, 'begin');
    for await (const event of request.events) {
      if (event.kind === 'piece') yield serverSentEvent({ index: event.index, piece: event.piece }, 'piece');
      else if (event.kind === 'text') yield serverSentEvent(shown(event.text), 'text');
    }
    yield serverSentEvent({}, 'end');
  } catch (error) {
    yield serverSentEvent(streamedError(error), 'error');
  }
}

/** A finished text with what it resembles, word by word. */
function shown({ judgement, finishReason, ...text }: ServedText) {
  if (!judgement) return { ...text, finishReason };
  const { reason, evidence, rating, matched, second } = judgement;
  const compared = matched === undefined ? undefined : findDifferences(text.text, matched);
  return {
    ...text,
    finishReason,
    copy: reason === undefined ? null : { reason, evidence: evidence ?? '', second: second ?? '' },
    // A blank or broken text is refused too, but copies nothing.
    isCopied: reason !== undefined && reason !== 'blank' && reason !== 'broken text',
    closest: compared && {
      rating,
      text: compared.first.join(' '),
      title: compared.second.join(' '),
      runs: compared.runs,
    },
  };
}
