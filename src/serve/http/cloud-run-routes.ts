import { nearestWord } from '../../common/nearest-word.js';
import {
  type FieldValues,
  fieldSchemas,
  fromFields,
  readFields,
  toFields,
} from '../../options/json-schema.js';
import { generationOptions, samplingOptions } from '../../options/table/generation.js';
import { readDecimal } from '../../options/value-types.js';
import { HttpError } from '../../web/http-error.js';
import type { HttpApp, HttpReply, HttpRequest } from '../../web/server/http-app.js';
import { schemaError } from '../../web/server/schema-error.js';
import type { CompletionRequest } from '../completion.js';
import type { ServedModel } from '../served-model.js';
import { collect, type RouteContext, submit } from './completion-submission.js';
import { checkText, hiddenPrefix, randomSeed } from './prompt-fields.js';

/**
 * Numeric parameters of gpt-2-cloud-run, with the names and defaults of its app.py; only one default differs from ours.
 */
const numbers = {
  ...toFields(samplingOptions),
  length: { ...generationOptions.length, default: 100 },
} as const;

/** Its text parameters. Its default `truncate` is the end token, which ends our texts anyway. */
const textDefaults = { prefix: '', truncate: '', include_prefix: true };

type Parameters = FieldValues<typeof numbers> & typeof textDefaults & { readonly model?: string };

const schema = {
  type: 'object',
  properties: {
    ...fieldSchemas(numbers),
    prefix: { type: 'string' },
    truncate: { type: 'string', maxLength: 500 },
    model: { type: 'string', maxLength: 500 },
    include_prefix: { enum: [true, false], description: 'true or false' },
  },
} as const;

/** gpt-2-cloud-run cuts longer prefixes. */
const maxPrefixCharacters = 500;

/**
 * `GET|POST|HEAD /` as in gpt-2-cloud-run, with parameters in the query or in a JSON body of any content type. Browsers
 * that open the address are redirected to the page.
 */
export function cloudRunRoutes(app: HttpApp, context: RouteContext): void {
  void app.register(async (scope) => {
    // gpt-2-cloud-run's page posts JSON as application/x-www-form-urlencoded, jQuery's default.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'));
    scope.head('/', async (_, reply) => {
      if (!context.models.isReady) {
        throw new HttpError(503, 'The model is being loaded.', { code: 'loading', retryAfter: 2 });
      }
      return reply.type('application/json; charset=utf-8').send();
    });
    scope.get('/', async (request, reply) => {
      if (!asksForText(request)) return reply.redirect('page');
      return answer(context, request, reply, request.query);
    });
    scope.post('/', async (request, reply) =>
      answer(context, request, reply, request.body === undefined ? {} : request.body),
    );
  });
}

/** Whether a request of `/` asks for a text: a browser that opens the address without parameters does not. */
export function asksForText({ method, query, headers }: HttpRequest): boolean {
  if (method === 'HEAD') return false;
  const isPlain = Object.keys(query as object).length === 0;
  return method !== 'GET' || !isPlain || headers.accept?.includes('text/html') !== true;
}

async function answer(
  { models }: RouteContext,
  request: HttpRequest,
  reply: HttpReply,
  input: unknown,
): Promise<{ readonly text: string }> {
  const parameters = readParameters(request, input);
  const model = models.choose(parameters.model);
  const completionRequest = toCompletionRequest(parameters, model.served);
  const { texts } = await collect(submit(model, reply, completionRequest), 'prefix');
  return { text: texts[0]?.text.text ?? '' };
}

/** Numbers may be sent as text, as in a query string and by its page. @throws HttpError 400 naming the field. */
function readParameters(request: HttpRequest, input: unknown): Parameters {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new HttpError(400, 'The body is no JSON object.', { code: 'bad_request' });
  }
  refuseMistyped(input);
  const read = Object.fromEntries(
    Object.entries(input)
      .filter(([name, value]) => Object.hasOwn(schema.properties, name) && value !== null)
      .map(([name, value]) => [name, typeof value === 'string' ? readText(name, value) : value]),
  );
  const check = request.compileValidationSchema(schema);
  if (!check(read)) throw schemaError(check.errors ?? []);
  const parameters = { ...textDefaults, ...read, ...readFields(numbers, read) };
  checkText('prefix', parameters.prefix);
  checkText('truncate', parameters.truncate);
  return parameters;
}

/**
 * Parameters of other names have no effect, as in gpt-2-cloud-run: but for those that were mistyped.
 * @throws HttpError 400 naming the one that was probably meant.
 */
function refuseMistyped(input: object): void {
  const known = Object.keys(schema.properties);
  const folded = (name: string): string => name.replace(/[-_]/g, '').toLowerCase();
  for (const name of Object.keys(input)) {
    if (known.includes(name)) continue;
    const meant = known.find((one) => folded(one) === folded(name)) ?? nearestWord(name, known);
    if (meant === undefined) continue;
    const typed = JSON.stringify(name.slice(0, 100));
    throw new HttpError(400, `There is no parameter ${typed}. Did you mean ${meant}?`, {
      code: 'bad_request',
    });
  }
}

/** The value of a parameter in a query string. Booleans in any letter case, as Python writes them. */
function readText(name: string, text: string): unknown {
  if (Object.hasOwn(numbers, name)) return readDecimal(text);
  if (name !== 'include_prefix') return text;
  const lower = text.toLowerCase();
  return lower === 'true' || lower === 'false' ? lower === 'true' : text;
}

function toCompletionRequest(
  { prefix, truncate, include_prefix, ...values }: Parameters,
  served: ServedModel,
): CompletionRequest {
  const seed = randomSeed();
  return {
    options: {
      seed,
      hiddenPrefix: hiddenPrefix(served, {}, seed),
      nsamples: 1,
      length: values.length,
      ...fromFields(samplingOptions, values),
      truncate: truncate === '' ? undefined : truncate,
      includePrefix: include_prefix,
    },
    prompts: [[...prefix].slice(0, maxPrefixCharacters).join('')],
    shorten: true,
    deltas: false,
    judged: false,
  };
}
