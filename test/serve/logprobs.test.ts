import OpenAI from 'openai';
import type { Completion, CompletionChoice } from 'openai/resources/completions';
import { beforeAll, describe, expect, test } from 'vitest';
import { silentContext } from '../../src/common/progress.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { TitleScorer } from '../../src/model/scoring/title-scorer.js';
import type { Tokenizer } from '../../src/model/tokenizer/tokenizer.js';
import { openModel } from '../../src/model/weights/resolve-model.js';
import { figure, makeRun, serve } from './serve-run.js';

let run: string;
let url: string;
let client: OpenAI;
let tokenizer: Tokenizer;
/** ln p of each token but the first, by the graph that scores whole titles. */
let expected: (title: string) => Promise<number[]>;
beforeAll(async () => {
  run = await makeRun();
  const serving = await serve(run, ['--slots', '4', '--queue', '12', '--capacity', '256']);
  url = serving.url;
  client = new OpenAI({ baseURL: `${url}v1`, apiKey: 'none', maxRetries: 0 });
  const opened = await openModel(`${run}/checkpoint`, silentContext);
  tokenizer = opened.tokenizer;
  expected = async (title) => {
    const { endOfTextId } = tokenizer;
    const scorer = new TitleScorer(createOnnxRuntimeEngine(), {
      configuration: opened.configuration,
      endOfTextId,
    });
    const tokens = Uint16Array.from(tokenizer.encode(title));
    const [losses] = await scorer.scoreTokens(opened.weights, [tokens], silentContext);
    return [...losses!].slice(0, -1).map((loss) => -loss);
  };
});

const model = 'made-up';
const title = 'What is the name of the dog in the house?';

/** The bytes of a token as it is shown: of a part of a character too. */
function bytesOf(token: string): Buffer {
  if (!token.startsWith('bytes:')) return Buffer.from(token);
  return Buffer.from(token.slice('bytes:'.length).replaceAll('\\x', ''), 'hex');
}

const textOf = (tokens: readonly string[]): string => Buffer.concat(tokens.map(bytesOf)).toString();

/** The id of a token as it is shown. */
function idOf(token: string): number {
  const bytes = bytesOf(token);
  const ids = Array.from({ length: tokenizer.vocabularySize }, (_, id) => id);
  return ids.find((id) => bytes.equals(tokenizer.tokenBytes(id)))!;
}

/** What a text's `logprobs` says, with nothing left out. */
function logprobsOf({ logprobs }: CompletionChoice) {
  const { tokens, token_logprobs, top_logprobs, text_offset } = logprobs!;
  return { tokens: tokens!, scores: token_logprobs!, top: top_logprobs!, offsets: text_offset! };
}

function expectClose(actual: readonly (number | null)[], wanted: readonly (number | null)[]): void {
  expect(actual.length).toBe(wanted.length);
  for (const [index, value] of wanted.entries()) expect(actual[index]).toBeCloseTo(value!, 4);
}

describe('logprobs', () => {
  test('of token ids are those of the scoring graph, with nothing generated', async () => {
    const prompt = [tokenizer.endOfTextId, ...tokenizer.encode(title)];
    const wanted = { model, prompt, echo: true, max_tokens: 0, logprobs: 2 };
    const { choices, usage } = await client.completions.create(wanted);
    const { tokens, scores, top, offsets } = logprobsOf(choices[0]!);
    expect(choices[0]!.text).toBe(title);
    expect(usage).toMatchObject({ prompt_tokens: prompt.length, completion_tokens: 0 });
    expect(tokens[0]).toBe('<|endoftext|>');
    expect(tokens.slice(1).join('')).toBe(title);
    expect([scores[0], top[0]]).toEqual([null, null]);
    expectClose(scores.slice(1), await expected(title));
    for (const [index, offset] of offsets.slice(1).entries())
      expect(title.slice(offset).startsWith(tokens[index + 1]!)).toBe(true);
    for (const [index, each] of top.slice(1).entries()) {
      const values = Object.values(each);
      expect(each[tokens[index + 1]!]).toBe(scores[index + 1]);
      expect([2, 3]).toContain(values.length);
      expect(Math.max(...values)).toBe(values[0]);
    }
  });

  test('of texts begin with the first token, of which there is none, and keep spaces at the end', async () => {
    const prompt = [title, `${title} `];
    const { choices } = await client.completions.create({
      model,
      prompt,
      echo: true,
      max_tokens: 0,
      logprobs: 0,
    });
    const wanted = await expected(title);
    expectClose(logprobsOf(choices[0]!).scores, [null, ...wanted.slice(1)]);
    expect(choices[1]!.text).toBe(`${title} `);
    expect(logprobsOf(choices[1]!).tokens.join('')).toBe(`${title} `);
  });

  test("of new tokens are the model's own, whatever the temperature; streamed ones are the same", async () => {
    const settings = { model, prompt: 'What is', temperature: 0.6, top_p: 0.9, max_tokens: 9, seed: 4, n: 2 };
    const plain = await client.completions.create(settings);
    const scored = await client.completions.create({ ...settings, logprobs: 1 });
    expect(scored.choices.map(({ text }) => text)).toEqual(plain.choices.map(({ text }) => text));
    const echoed = await client.completions.create({ ...settings, logprobs: 1, echo: true });
    for (const [index, choice] of scored.choices.entries()) {
      const { tokens, scores, offsets } = logprobsOf(choice);
      // A character that is cut off is left out of the text, not of its tokens.
      expect(textOf(tokens).startsWith(choice.text)).toBe(true);
      expect(offsets[0]).toBe('What is'.length);
      const whole = logprobsOf(echoed.choices[index]!);
      expect(textOf(whole.tokens).startsWith(echoed.choices[index]!.text)).toBe(true);
      expect(whole.scores.slice(-scores.length)).toEqual(scores);
      expect(whole.offsets.slice(-scores.length)).toEqual(offsets);
      // Read as a prompt, the same tokens have the same scores.
      const prompt = [tokenizer.endOfTextId, ...tokenizer.encode('What is'), ...tokens.map(idOf)];
      const again = await client.completions.create({
        model,
        prompt,
        echo: true,
        max_tokens: 0,
        logprobs: 0,
      });
      expectClose(scores, logprobsOf(again.choices[0]!).scores.slice(-scores.length));
    }
    const stream = await client.completions.create({ ...settings, logprobs: 1, echo: true, stream: true });
    const streamed: ReturnType<typeof logprobsOf>[][] = [[], []];
    for await (const { choices } of stream)
      for (const choice of choices) streamed[choice.index]!.push(logprobsOf(choice));
    for (const [index, parts] of streamed.entries()) {
      const whole = logprobsOf(echoed.choices[index]!);
      expect(parts.flatMap(({ tokens }) => tokens)).toEqual(whole.tokens);
      expect(parts.flatMap(({ scores }) => scores)).toEqual(whole.scores);
      expect(parts.flatMap(({ offsets }) => offsets)).toEqual(whole.offsets);
    }
  });

  test('end before a stop text', async () => {
    const greedy = { model, prompt: 'What', temperature: 0, max_tokens: 12, logprobs: 0 };
    const { choices } = await client.completions.create(greedy);
    const { tokens } = logprobsOf(choices[0]!);
    const stop = tokens.slice(5).find((token) => !token.startsWith('bytes:'))!;
    const cut = (await client.completions.create({ ...greedy, stop })).choices[0]!;
    expect(textOf(logprobsOf(cut).tokens).startsWith(cut.text)).toBe(true);
    expect(cut.finish_reason).toBe('stop');
    expect(logprobsOf(cut).tokens.length).toBeLessThanOrEqual(tokens.indexOf(stop));
  });
});

test('many streams at once have the scores that each has alone', async () => {
  const bodies = Array.from({ length: 8 }, (_, seed) => {
    const prompt =
      seed % 2 === 0 ? ['Who', 'What is \u2603'] : [[tokenizer.endOfTextId, 7, 9 + seed], [seed]];
    return {
      model,
      prompt: prompt as string[],
      seed,
      max_tokens: 12,
      logprobs: seed % 6,
      echo: seed % 3 > 0,
    };
  });
  const alone: Completion[] = [];
  for (const body of bodies) alone.push(await client.completions.create(body));
  const streamed = await Promise.all(
    bodies.map(async (body) => {
      const texts = ['', ''];
      const scores: (number | null)[][] = [[], []];
      for await (const { choices } of await client.completions.create({ ...body, stream: true })) {
        for (const choice of choices) {
          texts[choice.index] += choice.text;
          scores[choice.index]!.push(...logprobsOf(choice).scores);
        }
      }
      return { texts, scores };
    }),
  );
  for (const [index, { choices }] of alone.entries()) {
    expect(streamed[index]!.texts).toEqual(choices.map(({ text }) => text));
    expect(streamed[index]!.scores).toEqual(choices.map((choice) => logprobsOf(choice).scores));
  }
});

test('a client that leaves while its prompts are scored frees its places', async () => {
  const leave = new AbortController();
  const prompt = Array.from({ length: 16 }, (_, at) => Array.from({ length: 250 }, () => at));
  const body = { model, prompt, echo: true, max_tokens: 4, logprobs: 5 };
  const left = client.completions.create(body, { signal: leave.signal });
  const aborted = expect(left).rejects.toThrow(/aborted/i);
  await expect.poll(() => figure(url, 'texts_pending')).toBe(16);
  leave.abort();
  await aborted;
  await expect.poll(() => figure(url, 'texts_pending')).toBe(0);
  await expect.poll(() => figure(url, 'slots_busy')).toBe(0);
});

test('best_of gives back the text of the highest mean log probability', async () => {
  const settings = { model, prompt: ['What', 'Who'], max_tokens: 5, seed: 9, logprobs: 0 };
  const all = await client.completions.create({ ...settings, n: 4 });
  const best = await client.completions.create({ ...settings, n: 1, best_of: 4 });
  const mean = (choice: CompletionChoice): number =>
    logprobsOf(choice).scores.reduce((sum, each) => sum + each!, 0) / logprobsOf(choice).scores.length;
  const winners = [all.choices.slice(0, 4), all.choices.slice(4)].map(
    (own) => own.sort((a, b) => mean(b) - mean(a))[0]!.text,
  );
  expect(best.choices.map(({ text }) => text)).toEqual(winners);
  expect(best.choices.map(({ index }) => index)).toEqual([0, 1]);
  expect(best.usage).toEqual(all.usage);
});

test('a bias rules a token out, and penalties and min-p are taken', async () => {
  const greedy = { model, prompt: 'What', temperature: 0, max_tokens: 1, logprobs: 0 };
  const first = logprobsOf((await client.completions.create(greedy)).choices[0]!).tokens[0]!;
  const id = idOf(first);
  const biased = await client.completions.create({ ...greedy, logit_bias: { [String(id)]: -100 } });
  expect(logprobsOf(biased.choices[0]!).tokens[0]).not.toBe(first);
  const more = {
    min_p: 0.1,
    repetition_penalty: 1.2,
    presence_penalty: 0.5,
    frequency_penalty: 0.5,
    top_k: 5,
  };
  const { choices } = await client.completions.create({ ...greedy, temperature: 1, max_tokens: 4, ...more });
  expect(logprobsOf(choices[0]!).tokens.length).toBe(4);
});
