import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import type { CompletionChoice, CompletionCreateParamsBase } from 'openai/resources/completions';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Tokenizer } from '../../src/model/tokenizer/tokenizer.js';
import { loadTokenizer } from '../../src/model/weights/load-tokenizer.js';
import { scoreTitles } from '../../src/pipeline/library/score-titles.js';
import { oraclePython, runOracle } from '../oracles/python.js';
import { makeRun, serve } from './serve-run.js';

/** A prompt, and greedy decoding behind it, as Hugging Face scores them. */
interface Case {
  readonly prompt: string | number[];
  /** What stands before a text counts too. */
  readonly promptTokens: number;
  /** Of the prompt and the continuation. */
  readonly tokens: readonly number[];
  /** ln p of each token but the first. */
  readonly logprobs: readonly number[];
  /** Of each token but the first the likeliest at its place, and their ln p. */
  readonly top: readonly (readonly (readonly [number, number])[])[];
}

/** What test/oracles/logprobs/make_fixture.py wrote. */
interface Fixture {
  /** SHA-256 of the weights. */
  readonly model: string;
  readonly newTokens: number;
  readonly cases: readonly Case[];
  /** Texts, and −ln p of each as a title: of its tokens and the end token, given the start. */
  readonly titles: readonly (readonly [string, number])[];
}

const path = new URL('../oracles/logprobs/logprobs.json', import.meta.url);
const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture;
const ofTexts = fixture.cases.filter(({ prompt }) => typeof prompt === 'string');
const ofIds = fixture.cases.filter(({ prompt }) => typeof prompt !== 'string');

let run: string;
let client: OpenAI;
let tokenizer: Tokenizer;
beforeAll(async () => {
  run = await makeRun();
  const { url } = await serve(run, ['--slots', '8', '--queue', '8', '--capacity', '256']);
  client = new OpenAI({ baseURL: `${url}v1`, apiKey: 'none', maxRetries: 0 });
  tokenizer = await loadTokenizer(`${run}/checkpoint`);
});

/** A token as OpenAI shows it. */
function shown(token: number): string {
  if (token === tokenizer.endOfTextId) return '<|endoftext|>';
  const bytes = Buffer.from(tokenizer.tokenBytes(token));
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return text;
  return `bytes:${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
}

type Logprobs = {
  [List in keyof Required<CompletionChoice.Logprobs>]: (CompletionChoice.Logprobs[List] & {})[number][];
};

/** The logprobs of each choice: in one body, or in the pieces of a stream. */
async function logprobsOf(
  body: Omit<CompletionCreateParamsBase, 'model' | 'stream'>,
  stream: boolean,
): Promise<{ readonly text: string; readonly logprobs: Logprobs }[]> {
  const wanted = { model: 'made-up', temperature: 0, ...body };
  const choices: { text: string; logprobs: Logprobs }[] = [];
  const take = ({ index, text, logprobs }: CompletionChoice): void => {
    const { tokens = [], token_logprobs = [], top_logprobs = [], text_offset = [] } = logprobs!;
    choices[index] ??= {
      text: '',
      logprobs: { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] },
    };
    const known = choices[index];
    known.text += text;
    known.logprobs.tokens.push(...tokens);
    known.logprobs.token_logprobs.push(...token_logprobs);
    known.logprobs.top_logprobs.push(...top_logprobs);
    known.logprobs.text_offset.push(...text_offset);
  };
  if (stream) {
    for await (const chunk of await client.completions.create({ ...wanted, stream: true }))
      chunk.choices.forEach(take);
  } else (await client.completions.create(wanted)).choices.forEach(take);
  return choices;
}

/**
 * Checks lists against a case: `from` the first of its tokens that is shown, `to` behind the last. The first of a prompt has no
 * score.
 */
function expectCase(
  { tokens, promptTokens, logprobs, top }: Case,
  actual: { readonly text: string; readonly logprobs: Logprobs },
  [from, to]: readonly [number, number],
): void {
  const shownTokens = tokens.slice(from, to);
  expect(actual.logprobs.tokens).toEqual(shownTokens.map(shown));
  const bytesOf = (some: readonly number[]) =>
    Buffer.from(some.flatMap((token) => [...tokenizer.tokenBytes(token)]));
  const whole = bytesOf(tokens);
  let bytes = bytesOf(tokens.slice(0, from)).length;
  for (const [index, token] of shownTokens.entries()) {
    const place = from + index;
    const [value, alternatives] = [
      actual.logprobs.token_logprobs[index],
      actual.logprobs.top_logprobs[index],
    ];
    // Characters (code points) that are complete before the token.
    const complete = new TextDecoder().decode(whole.subarray(0, bytes), { stream: true });
    expect(actual.logprobs.text_offset[index]).toBe([...complete].length);
    bytes += tokenizer.tokenBytes(token).length;
    if (index === 0 && from < promptTokens) {
      expect([value, alternatives]).toEqual([null, null]);
      continue;
    }
    expect(Math.abs(value! - logprobs[place - 1]!)).toBeLessThan(1e-4);
    const wanted = new Map(top[place - 1]!.map(([id, score]) => [shown(id), score]));
    // Of tokens nearly as likely as the fifth, either may be named.
    const fifth = Math.min(...wanted.values());
    for (const [name, score] of Object.entries(alternatives!)) {
      const known = wanted.get(name);
      if (known !== undefined) expect(Math.abs(score - known)).toBeLessThan(1e-4);
      else if (name !== shown(token)) expect(Math.abs(score - fifth)).toBeLessThan(2e-4);
    }
    expect([5, 6]).toContain(Object.keys(alternatives!).length);
    expect(alternatives![shown(token)]).toBe(value);
  }
}

/** Where a prompt's own tokens begin: the start token before a text is not shown. */
const firstShown = ({ prompt }: Case): number => (typeof prompt === 'string' ? 1 : 0);

describe.each([
  ['in one body', false],
  ['in a stream', true],
])("logprobs %s are Hugging Face's to 1e-4", (_, stream) => {
  test.each([
    ['texts', ofTexts],
    ['lists of ids', ofIds],
  ])('of %s in one request, scored alone', async (_name, cases) => {
    const prompt = cases.map((each) => each.prompt) as string[] | number[][];
    const choices = await logprobsOf({ prompt, echo: true, max_tokens: 0, logprobs: 5 }, stream);
    expect(choices.length).toBe(cases.length);
    for (const [index, each] of cases.entries()) {
      expectCase(each, choices[index]!, [firstShown(each), each.promptTokens]);
      if (typeof each.prompt === 'string') expect(choices[index]!.text).toBe(each.prompt);
    }
  });

  test.each([1, fixture.newTokens])('with %i new tokens, which greedy decoding chooses', async (length) => {
    for (const each of fixture.cases) {
      const wanted = { prompt: each.prompt, max_tokens: length, logprobs: 5 };
      const end = Math.min(each.promptTokens + length, each.tokens.length);
      const [echoed] = await logprobsOf({ ...wanted, echo: true }, stream);
      expectCase(each, echoed!, [firstShown(each), end]);
      // Spaces at a prompt's end are left out where it is not scored: other tokens would follow.
      if (typeof each.prompt === 'string' && /\s$/.test(each.prompt)) continue;
      const [alone] = await logprobsOf(wanted, stream);
      expectCase(each, alone!, [each.promptTokens, end]);
    }
  });
});

test.each([
  ['float32', 1e-4],
  ['int8', 2e-2],
] as const)("scores of titles in %s are Hugging Face's to %f of them", async (precision, tolerance) => {
  const texts = fixture.titles.map(([text]) => text);
  const { scores } = await scoreTitles(run, texts, { precision });
  for (const [index, [text, nats]] of fixture.titles.entries()) {
    expect(scores[index]!.title).toBe(text);
    expect(Math.abs(scores[index]!.nats - nats)).toBeLessThan(tolerance * nats);
  }
});

test.skipIf(oraclePython === undefined)('the fixture is what Hugging Face says here', async () => {
  const made = JSON.parse(await runOracle('logprobs/make_fixture.py', [`${run}/checkpoint`])) as Fixture;
  expect(made.cases.map(({ tokens }) => tokens)).toEqual(fixture.cases.map(({ tokens }) => tokens));
  for (const [index, [text, nats]] of made.titles.entries()) {
    expect(fixture.titles[index]![0]).toBe(text);
    expect(nats).toBeCloseTo(fixture.titles[index]![1], 3);
  }
  for (const [index, { logprobs }] of made.cases.entries())
    for (const [place, value] of logprobs.entries())
      expect(value).toBeCloseTo(fixture.cases[index]!.logprobs[place]!, 5);
});

test('the fixture is of the model that is served', () => {
  const weights = readFileSync(`${run}/checkpoint/model.safetensors`);
  expect(createHash('sha256').update(weights).digest('hex')).toBe(fixture.model);
});
