import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { APIError } from 'openai';
import type { Completion, CompletionCreateParamsBase } from 'openai/resources/completions';
import { beforeAll, describe, expect, test } from 'vitest';
import { oraclePython, runOracle } from '../oracles/python.js';
import { makeRun, serve } from './serve-run.js';

/** Fields besides OpenAI's. */
interface OwnFields {
  readonly max_completion_tokens?: number;
  readonly top_k?: number;
  readonly min_p?: number;
  readonly typical_p?: number;
  readonly repetition_penalty?: number;
}
type Body = Partial<CompletionCreateParamsBase> & OwnFields;

/** What a client gets: of a stream its chunks put together. */
interface Answer extends Pick<Completion, 'choices' | 'usage'> {
  readonly chunks?: number;
}
interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string;
}

let url: string;
let client: OpenAI;
beforeAll(async () => {
  url = (await serve(await makeRun(), ['--slots', '8', '--queue', '8', '--capacity', '128'])).url;
  client = new OpenAI({ baseURL: `${url}v1`, apiKey: 'none', maxRetries: 0 });
});

/** Sends a body by the official client as it is. */
async function send(body: Body): Promise<Answer | Refusal> {
  try {
    if (body.stream !== true) {
      const { choices, usage } = await client.completions.create(
        body as CompletionCreateParamsBase & { stream: false },
      );
      return { choices, ...(usage ? { usage } : {}) };
    }
    return await merged(
      await client.completions.create({ ...(body as CompletionCreateParamsBase), stream: true }),
    );
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const { status, type, param, code } = error;
    const { message } = error.error as { message: string };
    return { status: status!, message, type: type!, param: param ?? null, code: code! };
  }
}

async function merged(stream: AsyncIterable<Completion>): Promise<Answer> {
  const choices: { index: number; text: string; finish_reason: string | null }[] = [];
  let [usage, chunks]: [Completion['usage'] | null, number] = [null, 0];
  for await (const chunk of stream) {
    chunks += 1;
    usage = chunk.usage ?? usage;
    for (const { index, text, finish_reason } of chunk.choices) {
      choices[index] ??= { index, text: '', finish_reason: null };
      choices[index].text += text;
      choices[index].finish_reason = finish_reason ?? choices[index].finish_reason;
    }
  }
  return { choices, usage, chunks } as unknown as Answer;
}

const plain: Body = { model: 'made-up', prompt: 'What is', max_tokens: 8, seed: 7, temperature: 0.9 };
const greedy: Body = { ...plain, temperature: 0, logprobs: 0 };

/** A request with a field, one without, and what the field did. */
interface Drive {
  readonly body: Body;
  /** Default: `plain`. */
  readonly without?: Body;
  readonly shows: (answer: Answer, without: Answer) => void;
}

const textsOf = ({ choices }: Answer): string[] => choices.map(({ text }) => text);
const tokensOf = ({ choices }: Answer): string[] => choices[0]!.logprobs!.tokens!;
const same = (answer: Answer, without: Answer): void => expect(answer.choices).toEqual(without.choices);
const sameTexts = (answer: Answer, without: Answer): void =>
  expect(textsOf(answer)).toEqual(textsOf(without));
const others = (answer: Answer, without: Answer): void =>
  expect(textsOf(answer)).not.toEqual(textsOf(without));
const repeatsLess = (answer: Answer, without: Answer): void => {
  expect(new Set(tokensOf(without)).size).toBeLessThan(tokensOf(without).length);
  expect(new Set(tokensOf(answer)).size).toBeGreaterThan(new Set(tokensOf(without)).size);
};

/** Every field of OpenAI's clients, and our own: one that a later version of the client has is missed by the compiler. */
const drives: Readonly<Record<keyof CompletionCreateParamsBase | keyof OwnFields, Drive>> = {
  model: { body: plain, without: (({ model: _, ...rest }) => rest)(plain), shows: same },
  prompt: {
    body: { ...plain, prompt: ['What is', 'Who'] },
    shows: (answer, without) => {
      expect(answer.choices.map(({ index }) => index)).toEqual([0, 1]);
      expect(answer.choices[0]).toEqual(without.choices[0]);
    },
  },
  best_of: {
    body: { ...plain, best_of: 4 },
    shows: ({ choices, usage }, without) => {
      expect(choices).toHaveLength(1);
      expect(usage!.completion_tokens).toBe(4 * without.usage!.completion_tokens);
    },
  },
  echo: {
    body: { ...plain, echo: true },
    shows: (answer, without) => expect(textsOf(answer)).toEqual([`What is${textsOf(without)[0]}`]),
  },
  frequency_penalty: { body: { ...greedy, frequency_penalty: 2 }, without: greedy, shows: repeatsLess },
  presence_penalty: { body: { ...greedy, presence_penalty: 2 }, without: greedy, shows: repeatsLess },
  repetition_penalty: { body: { ...greedy, repetition_penalty: 10 }, without: greedy, shows: repeatsLess },
  logit_bias: {
    body: { ...plain, logprobs: 0, logit_bias: { '40': 100 } },
    shows: (answer) => expect(new Set(tokensOf(answer)).size).toBe(1),
  },
  logprobs: {
    body: { ...plain, logprobs: 3 },
    shows: (answer, without) => {
      expect(textsOf(answer)).toEqual(textsOf(without));
      for (const top of answer.choices[0]!.logprobs!.top_logprobs!)
        expect([3, 4]).toContain(Object.keys(top).length);
      expect(without.choices[0]!.logprobs).toBeNull();
    },
  },
  max_tokens: {
    body: { ...plain, max_tokens: 3 },
    shows: ({ choices, usage }) =>
      expect([choices[0]!.finish_reason, usage!.completion_tokens]).toEqual(['length', 3]),
  },
  max_completion_tokens: {
    body: { ...plain, max_tokens: null, max_completion_tokens: 3 },
    without: { ...plain, max_tokens: 3 },
    shows: same,
  },
  n: {
    body: { ...plain, n: 3 },
    shows: ({ choices }, without) => {
      expect(choices[0]).toEqual(without.choices[0]);
      expect(new Set(choices.map(({ text }) => text)).size).toBe(3);
    },
  },
  seed: { body: { ...plain, seed: -8 }, shows: others },
  stop: {
    body: { ...plain, stop: ['never there', 'nor this', ' ', 'e'] },
    shows: (answer, without) => {
      const [text] = textsOf(without) as [string];
      expect(textsOf(answer)).toEqual([text.split(/[ e]/)[0]]);
      expect(answer.choices[0]!.finish_reason).toBe('stop');
    },
  },
  stream: {
    body: { ...plain, n: 2, stream: true },
    without: { ...plain, n: 2 },
    shows: (answer, without) => {
      expect(textsOf(answer)).toEqual(textsOf(without));
      expect(answer.chunks).toBeGreaterThan(6);
      expect(answer.usage).toBeNull();
    },
  },
  stream_options: {
    body: { ...plain, stream: true, stream_options: { include_usage: true, include_obfuscation: false } },
    shows: ({ usage }, without) => expect(usage).toEqual(without.usage),
  },
  suffix: { body: { ...plain, suffix: null }, shows: same },
  temperature: { body: { ...plain, temperature: 0 }, without: { ...greedy, seed: 1 }, shows: sameTexts },
  top_k: { body: { ...plain, top_k: 1 }, without: greedy, shows: sameTexts },
  top_p: { body: { ...plain, top_p: 0 }, without: greedy, shows: sameTexts },
  min_p: { body: { ...plain, min_p: 1 }, without: greedy, shows: sameTexts },
  typical_p: { body: { ...plain, typical_p: 0.01 }, shows: others },
  user: { body: { ...plain, user: 'someone' }, shows: same },
};

/** What is refused, and a word of the rule that was broken. */
const refused: readonly {
  readonly part: Body | Readonly<Record<string, unknown>>;
  readonly param: string | null;
  readonly rule: RegExp;
  readonly status?: number;
}[] = [
  { part: { suffix: 'end' }, param: 'suffix', rule: /must be left out, as this server only continues texts/ },
  { part: { echo: true, suffix: 'end' }, param: 'suffix', rule: /must be left out/ },
  { part: { stop: ['a', 'b', 'c', 'd', 'e'] }, param: 'stop', rule: /a list of 0 to 4 values/ },
  { part: { stop: '' }, param: 'stop', rule: /a text of 1 to 200 characters/ },
  { part: { logprobs: 6 }, param: 'logprobs', rule: /a whole number from 0 to 5/ },
  { part: { logprobs: 1e9 }, param: 'logprobs', rule: /a whole number from 0 to 5/ },
  { part: { best_of: 2, n: 3 }, param: 'best_of', rule: /at least n, 3/ },
  { part: { best_of: 3, stream: true }, param: 'best_of', rule: /must equal n, 1, in a stream/ },
  { part: { n: 17 }, param: 'n', rule: /from 1 to 16/ },
  { part: { max_tokens: 0 }, param: 'max_tokens', rule: /at least 1, or 0 with echo/ },
  {
    part: { max_tokens: 3, max_completion_tokens: 4 },
    param: 'max_completion_tokens',
    rule: /must equal max_tokens/,
  },
  { part: { repetition_penalty: 5e-324 }, param: 'repetition_penalty', rule: /from 0\.01 to 10/ },
  { part: { logit_bias: { 423: 1 } }, param: 'logit_bias', rule: /whole numbers from 0 to 422/ },
  { part: { logit_bias: { '05': 1 } }, param: 'logit_bias', rule: /one is 05/ },
  { part: { seed: 2 ** 60 }, param: 'seed', rule: /must be a whole number from -9007199254740991/ },
  {
    part: { prompt: Array.from({ length: 10_000 }, () => [1]) },
    param: 'prompt',
    rule: /at most 64 prompts; it holds 10000/,
  },
  {
    part: { prompt: [423] },
    param: 'prompt',
    rule: /prompt\[0\] must be a token id, a whole number from 0 to 422/,
  },
  { part: { stream_options: { include_usage: true } }, param: 'stream_options', rule: /set stream to true/ },
  {
    part: { stream: true, stream_options: { include_obfuscation: true } },
    param: 'stream_options.include_obfuscation',
    rule: /must be false or left out/,
  },
  { part: { response_format: {} }, param: 'response_format', rule: /is no field of this request/ },
  {
    part: { prompt: Array.from({ length: 300_000 }, () => 1) },
    param: null,
    rule: /larger than 524288 bytes/,
    status: 413,
  },
  { part: { model: 'gpt-4' }, param: 'model', rule: /no model "gpt-4" here/, status: 404 },
];

const bodies: readonly Body[] = [
  ...Object.values(drives).flatMap(({ body, without = plain }) => [body, without]),
  ...refused.map(({ part }) => ({ ...plain, ...part }) as Body),
];

describe("OpenAI's JavaScript client", () => {
  test.each(Object.entries(drives))('drives %s', async (_, { body, without = plain, shows }) => {
    const [answer, other] = await Promise.all([send(body), send(without)]);
    expect([answer, other]).toEqual([
      expect.not.objectContaining({ status: expect.anything() }),
      expect.anything(),
    ]);
    shows(answer as Answer, other as Answer);
  });

  test.each(refused)('is told the rule: %#', async ({ part, param, rule, status = 400 }) => {
    const type = status === 404 ? 'not_found_error' : 'invalid_request_error';
    const refusal = await send({ ...plain, ...part } as Body);
    expect(refusal).toMatchObject({ status, param, type, code: expect.stringMatching(/^[a-z_]+$/) });
    expect((refusal as Refusal).message).toMatch(rule);
  });
});

/** Whether the Python that tests compare with has OpenAI's client. */
function hasPythonClient(): boolean {
  if (oraclePython === undefined) return false;
  try {
    execFileSync(oraclePython, ['-c', 'import openai'], { stdio: 'ignore' });
    return true;
  } catch {
    console.info("The test of OpenAI's Python client is skipped: TITLESMITH_ORACLE_PYTHON has no openai.");
    return false;
  }
}

test.skipIf(!hasPythonClient())("OpenAI's Python client gets the same answers and refusals", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titlesmith-openai-'));
  try {
    const path = join(folder, 'requests.json');
    writeFileSync(path, JSON.stringify(bodies));
    const { models, answers } = JSON.parse(await runOracle('openai/drive.py', [url, path])) as {
      readonly models: readonly string[];
      readonly answers: readonly (Answer | Refusal)[];
    };
    expect(models).toEqual(['made-up', 'made-up']);
    for (const [index, body] of bodies.entries()) expect(answers[index]).toEqual(await send(body));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
