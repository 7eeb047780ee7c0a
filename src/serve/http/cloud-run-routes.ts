import { randomInt } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PromptTooLong } from '../inference/engine.js';
import { ServeError } from '../serve-error.js';
import type { ServedCondition, TextsWanted } from '../served-model.js';
import { collect, submit } from './answers.js';
import { hiddenPrefix } from './conditions.js';
import type { AppContext } from './context.js';
import { schemaError } from './failures.js';
import { assertWholeCharacters, tooLong } from './fields.js';

/** What gpt-2-cloud-run takes, by its names. */
interface Parameters {
  readonly length: number;
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
  readonly prefix: string;
  readonly truncate: string;
  readonly include_prefix: string | boolean;
}

/** The values of its app.py; `truncate` is its end mark, which ends our texts anyway. */
const defaults: Parameters = {
  length: 100,
  temperature: 0.7,
  top_k: 0,
  top_p: 0,
  prefix: '',
  truncate: '',
  include_prefix: true,
};

const schema = {
  type: 'object',
  properties: {
    length: { type: 'integer', minimum: 1, maximum: 1023 },
    temperature: { type: 'number', minimum: 0, maximum: 100 },
    top_k: { type: 'integer', minimum: 0, maximum: 1_000_000 },
    top_p: { type: 'number', minimum: 0, maximum: 1 },
    prefix: { type: 'string' },
    truncate: { type: 'string', maxLength: 500 },
    include_prefix: { type: ['string', 'boolean'] },
  },
} as const;

const numeric = ['length', 'temperature', 'top_k', 'top_p'];

/** It cuts prefixes off here. */
const mostPrefixCharacters = 500;

/**
 * `GET|POST|HEAD /` as gpt-2-cloud-run answers it, from the query or from a body in JSON, whatever its content type
 * says. Browsers that open the address get the page instead.
 */
export function cloudRunRoutes(app: FastifyInstance, context: AppContext): void {
  void app.register(async (scope) => {
    // Its own page posts JSON as application/x-www-form-urlencoded, jQuery's default.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'));
    scope.head('/', async (_, reply) => {
      if (!context.engine.isReady) {
        throw new ServeError(503, 'The model is being loaded.', { code: 'loading', retryAfter: 2 });
      }
      return reply.type('application/json; charset=utf-8').send();
    });
    scope.get('/', async (request, reply) => {
      const opened = Object.keys(request.query as object).length === 0;
      if (opened && request.headers.accept?.includes('text/html')) return reply.redirect('page');
      return answer(context, request, reply, request.query);
    });
    scope.post('/', async (request, reply) =>
      answer(context, request, reply, request.body === undefined ? {} : request.body),
    );
  });
}

async function answer(
  { engine, served }: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  given: unknown,
): Promise<{ readonly text: string }> {
  const parameters = readParameters(request, given);
  const wanted = toWanted(parameters, served.condition);
  try {
    const { texts } = await collect(submit(engine, reply, wanted));
    return { text: texts[0]?.text ?? '' };
  } catch (error) {
    if (error instanceof PromptTooLong) throw tooLong('prefix', error.promptTokens, error.capacity);
    throw error;
  }
}

/** Numbers may come as text, as they do in a query and from its page. @throws ServeError 400 naming the field. */
function readParameters(request: FastifyRequest, given: unknown): Parameters {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ServeError(400, 'The body is no JSON object.', { code: 'bad_request' });
  }
  const read = Object.fromEntries(
    Object.entries(given)
      .filter(([name, value]) => Object.hasOwn(defaults, name) && value !== null)
      .map(([name, value]) => [name, numeric.includes(name) ? toNumber(value) : value]),
  );
  const check = request.compileValidationSchema(schema);
  if (!check(read)) throw schemaError(check.errors ?? []);
  const parameters = { ...defaults, ...read };
  assertWholeCharacters('prefix', parameters.prefix);
  assertWholeCharacters('truncate', parameters.truncate);
  return parameters;
}

function toNumber(value: unknown): unknown {
  return typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)
    ? Number(value)
    : value;
}

function toWanted(
  { length, temperature, top_k, top_p, prefix, truncate, include_prefix }: Parameters,
  condition: ServedCondition | undefined,
): TextsWanted {
  const seed = randomInt(2 ** 32);
  return {
    options: {
      seed,
      hiddenPrefix: hiddenPrefix(condition, {}, seed),
      nsamples: 1,
      length,
      temperature,
      topK: top_k,
      topP: top_p,
      prefixes: [[...prefix].slice(0, mostPrefixCharacters).join('')],
      truncate: truncate === '' ? undefined : truncate,
      includePrefix: String(include_prefix).toLowerCase() === 'true',
    },
    shorten: true,
    pieces: false,
    judged: false,
  };
}
