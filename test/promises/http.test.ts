import { expect, test } from 'vitest';
import { packageVersion } from '../../src/common/package-facts.js';
import { makeRun, post, serve } from '../serve/serve-run.js';
import { formOf } from './form.js';
import { expectPromised } from './recorded.js';

const apiKey = 'promised-key';
const headers = { Authorization: `Bearer ${apiKey}` };

/** What was asked, and status and form of the answer; of a refusal, whose it is. */
async function* answerLines(asked: string, answer: Response, isWhole: boolean): AsyncGenerator<string> {
  const text = await answer.text();
  const type = (answer.headers.get('content-type') ?? 'none').split(';')[0];
  const head = `${asked} → ${answer.status} ${type}`;
  if (answer.status >= 400) {
    const { error } = JSON.parse(text) as { readonly error: Readonly<Record<string, unknown>> };
    const facts = ['type', 'param', 'code'].map((name) => `${name} ${error[name]}`);
    yield `${head}: ${facts.join(', ')}`;
    yield* formOf({ error }, 'a refusal: ');
    return;
  }
  yield head;
  if (!isWhole) return;
  if (type === 'application/json' && text !== '') yield* formOf(JSON.parse(text), `${asked} → `);
  if (type !== 'text/event-stream') return;
  const events = text.split('\n').filter((line) => line.startsWith('data: '));
  for (const event of events.map((line) => line.slice('data: '.length)))
    if (event === '[DONE]') yield `${asked} → [DONE]`;
    else yield* formOf(JSON.parse(event), `${asked} → `);
}

/** Fields of `/v1/completions` whose answers are recorded as a whole. */
const inWhole = new Set(['model', 'logprobs', 'stream']);

/** Values of `/v1/completions` that are taken, each by itself. */
const taken: Readonly<Record<string, unknown>> = {
  model: 'made-up',
  prompt: ['Who', 'What'],
  n: 2,
  best_of: 2,
  temperature: 2,
  top_p: 0.5,
  top_k: 5,
  min_p: 0.1,
  typical_p: 0.9,
  repetition_penalty: 1.1,
  presence_penalty: 1,
  frequency_penalty: -1,
  logit_bias: { 5: 1 },
  logprobs: 2,
  seed: 7,
  echo: true,
  stop: ['a', 'b'],
  user: 'someone',
  suffix: '',
  stream: true,
};

/** What is refused, and by which name. */
const refused: readonly Readonly<Record<string, unknown>>[] = [
  { suffix: 'x' },
  { stream: true, stream_options: { include_obfuscation: true } },
  { unknown_field: 1 },
  { n: '2' },
  { n: 0 },
  { logprobs: 6 },
  { temperature: 3 },
  { prompt: 5 },
  { stop: ['a', 'b', 'c', 'd', 'e'] },
  { subreddit: 'askreddit' },
  { model: 'another' },
];

test('routes, fields, answers and refusals of serve are those that were promised', async () => {
  const { url } = await serve(await makeRun(), ['--slots', '4', '--capacity', '64'], {
    TITLESMITH_API_KEY: apiKey,
  });
  const lines: string[] = [];
  const ask = async (asked: string, answer: Promise<Response>, isWhole = true): Promise<void> => {
    for await (const line of answerLines(asked, await answer, isWhole)) lines.push(line);
  };
  const completions = (body: object): Promise<Response> =>
    post(`${url}v1/completions`, { prompt: 'What', max_tokens: 3, seed: 1, ...body }, { headers });

  for (const path of [
    'health',
    'health/live',
    'v1/models',
    'v1/models/made-up',
    'v1/models/another',
    'nothing',
  ])
    await ask(`GET /${path}`, fetch(`${url}${path}`, { headers }));
  await ask('GET /v1/models without the key', fetch(`${url}v1/models`));
  await ask('GET /v1/completions', fetch(`${url}v1/completions`, { headers }));
  const parameters =
    'length=3&temperature=0.9&top_k=5&top_p=0.5&prefix=What&truncate=x&include_prefix=true&model=made-up';
  await ask('GET /?…', fetch(`${url}?${parameters}`, { headers }));
  await ask('HEAD /', fetch(url, { method: 'HEAD', headers }));
  await ask('POST / with numbers as text', post(url, { length: '3', prefix: 'Who' }, { headers }));
  await ask('POST / {"length": 0}', post(url, { length: 0 }, { headers }));
  for (const [field, value] of Object.entries(taken))
    await ask(`POST /v1/completions ${field}`, completions({ [field]: value }), inWhole.has(field));
  await ask(
    'POST /v1/completions max_completion_tokens',
    completions({ max_tokens: null, max_completion_tokens: 2 }),
    false,
  );
  const last = { stream: true, stream_options: { include_usage: true } };
  await ask('POST /v1/completions stream_options', completions(last));
  for (const body of refused) await ask(`POST /v1/completions ${JSON.stringify(body)}`, completions(body));
  await ask('POST /v1/completions no JSON', post(`${url}v1/completions`, {}, { headers, body: '{' }));
  const long = JSON.stringify({ prompt: 'a'.repeat(600_000) });
  await ask('POST /v1/completions of 600 kB', post(`${url}v1/completions`, {}, { headers, body: long }));
  const metrics = await (await fetch(`${url}metrics`, { headers })).text();
  for (const [, name, type] of metrics.matchAll(/^# TYPE (titlesmith_\w+) (\w+)$/gm))
    lines.push(`GET /metrics: ${name} ${type}`);

  // Its page says which version it is.
  expect(await (await fetch(`${url}page`)).text()).toContain(`titlesmith ${packageVersion}.`);
  expect(lines.length).toBeGreaterThan(60);
  expectPromised('http', lines);
});
