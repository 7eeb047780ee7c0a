import OpenAI, { BadRequestError, NotFoundError } from 'openai';
import type { Completion } from 'openai/resources/completions';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../src/model/weights/load-tokenizer.js';
import { runCli } from '../cli/run-cli.js';
import { figure, makeRun, post, type Serving, serve } from './serve-run.js';

let run: string;
let serving: Serving;
let client: OpenAI;
beforeAll(async () => {
  run = await makeRun();
  serving = await serve(run, ['--slots', '4', '--queue', '12', '--capacity', '1024']);
  client = new OpenAI({ baseURL: `${serving.url}v1`, apiKey: 'none', maxRetries: 0 });
});

const model = 'made-up';

describe("OpenAI's own client", () => {
  test('lists and finds the model', async () => {
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual([model]);
    expect(await client.models.retrieve(model)).toMatchObject({ id: model, object: 'model' });
    await expect(client.models.retrieve('gpt-4')).rejects.toBeInstanceOf(NotFoundError);
  });

  test('that wants to chat is told what there is', async () => {
    const wanted = client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'x'.repeat(1e5) }],
    });
    await expect(wanted).rejects.toThrow(
      '404 These models complete texts and do not chat: POST /v1/completions',
    );
  });

  test('gets n texts, the same for the same seed, with what they cost', async () => {
    const wanted = { model, prompt: 'What is', n: 3, max_tokens: 7, seed: 11, temperature: 0.8 };
    const first = await client.completions.create(wanted);
    const again = await client.completions.create(wanted);
    expect(first.choices).toEqual(again.choices);
    expect(first.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(first.choices.map(({ text }) => text)).size).toBe(3);
    expect(first).toMatchObject({ object: 'text_completion', model });
    const { prompt_tokens, completion_tokens, total_tokens } = first.usage!;
    expect(first.choices.every(({ finish_reason }) => finish_reason === 'length')).toBe(true);
    expect(completion_tokens).toBe(21);
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
  });

  test('gets the texts that the command line generates', async () => {
    const flags = ['--nsamples', '5', '--seed', '3', '--length', '9', '--prefix', 'Who', '--json'];
    const { output } = await runCli(['generate', `${run}/checkpoint`, ...flags], run);
    const lines = output.trim().split('\n');
    const known = lines.map((line) => JSON.parse(line) as { kind: string; text: string });
    const { choices } = await client.completions.create({
      model,
      prompt: 'Who',
      n: 5,
      seed: 3,
      max_tokens: 9,
      temperature: 0.7,
      echo: true,
    });
    expect(choices.map(({ text }) => text)).toEqual(
      known.filter(({ kind }) => kind === 'result').map(({ text }) => text),
    );
  });

  test('gets texts of several prompts, and ends them where it says', async () => {
    const prompt = ['What', 'Who is'];
    const { choices } = await client.completions.create({ model, prompt, n: 2, max_tokens: 5, echo: true });
    expect(choices.map(({ text }) => text.split(' ')[0]!.slice(0, 3))).toEqual(['Wha', 'Wha', 'Who', 'Who']);
    const greedy = { model, prompt: 'What', temperature: 0, max_tokens: 12, echo: true };
    const whole = (await client.completions.create(greedy)).choices[0]!.text;
    const stop = [whole.slice(-4), 'never there'];
    const cut = (await client.completions.create({ ...greedy, stop })).choices[0]!;
    expect(cut.text).toBe(whole.slice(0, Math.max(4, whole.indexOf(stop[0]!))));
    expect(cut.finish_reason).toBe('stop');
  });

  test('streams: the pieces are the texts, and the last chunk tells the cost', async () => {
    const wanted = { model, prompt: 'What', n: 3, max_tokens: 15, seed: 2, echo: true };
    const whole = await client.completions.create(wanted);
    const texts = ['', '', ''];
    const reasons: unknown[] = [];
    const chunks: number[] = [];
    let usage: unknown;
    const stream = await client.completions.create({
      ...wanted,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      chunks.push(chunk.choices.length);
      for (const { index, text, finish_reason } of chunk.choices) {
        texts[index] += text;
        if (finish_reason) reasons.push(finish_reason);
      }
      usage ??= chunk.usage;
    }
    expect(texts).toEqual(whole.choices.map(({ text }) => text));
    expect(reasons).toEqual(['length', 'length', 'length']);
    expect(chunks.at(-1)).toBe(0);
    expect(chunks.length).toBeGreaterThan(20);
    expect(usage).toEqual(whole.usage);
  });

  test('ends the stream with [DONE]', async () => {
    const body = JSON.stringify({ model, max_tokens: 2, stream: true });
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(`${serving.url}v1/completions`, { method: 'POST', headers, body });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect((await response.text()).endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test('frees its slots when it leaves a stream', async () => {
    const long = { model, prompt: '', n: 16, max_tokens: 1000, stream: true } as const;
    const stream = await client.completions.create(long);
    for await (const _ of stream) break;
    await expect.poll(() => figure(serving.url, 'texts_pending')).toBe(0);
    await expect.poll(() => figure(serving.url, 'slots_busy')).toBe(0);
  });

  test.each([
    [{ max_tokens: 2000 }, 'max_tokens'],
    [{ max_tokens: 1023, prompt: 'a b c' }, 'prompt'],
    [{ n: 17 }, 'n'],
    [{ n: 9, prompt: ['a', 'b'] }, 'n'],
    [{ prompt: Array.from({ length: 17 }, () => 'a') }, 'prompt'],
    [{ temperature: 2.5 }, 'temperature'],
    [{ top_p: -0.1 }, 'top_p'],
    [{ stop: ['1', '2', '3', '4', '5'] }, 'stop'],
    [{ logprobs: 6 }, 'logprobs'],
    [{ n: 3, best_of: 2 }, 'best_of'],
    [{ best_of: 17 }, 'best_of'],
    [{ best_of: 2, stream: true }, 'best_of'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: 0, echo: true, n: 2 }, 'n'],
    [{ presence_penalty: 3 }, 'presence_penalty'],
    [{ frequency_penalty: -3 }, 'frequency_penalty'],
    [{ repetition_penalty: 0 }, 'repetition_penalty'],
    [{ min_p: 2 }, 'min_p'],
    [{ top_k: -1 }, 'top_k'],
    [{ logit_bias: { 1: 101 } }, 'logit_bias'],
    [{ logit_bias: { 100000: 1 } }, 'logit_bias'],
    [{ logit_bias: { what: 1 } }, 'logit_bias'],
    [{ prompt: '\udc00' }, 'prompt'],
    [{ suffix: 'end' }, 'suffix'],
    [{ max_tokens: 3, max_completion_tokens: 4 }, 'max_completion_tokens'],
    [{ stream_options: { include_usage: true } }, 'stream_options'],
    [{ functions: [] }, 'functions'],
  ])('is told which field is wrong: %j', async (part, field) => {
    const failure = await client.completions
      .create({ model, prompt: '', ...part })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadRequestError);
    const { param, message } = failure as BadRequestError;
    expect(param?.split('.')[0]).toBe(field);
    expect(message).toContain(field);
  });

  test.each([
    [[], 'an empty list'],
    [[[]], 'prompt[0] must hold at least one token id'],
    [[1, 2, 100_000], 'prompt[2] must be a token id, a whole number from 0 to'],
    [[1, -1], 'prompt[1] must be a token id'],
    [[1, 1.5], 'prompt[1] must be a token id'],
    [[1, 'a'], 'prompt[1] must be a token id'],
    [['a', 1], 'prompt[1] must be a text, as prompt[0] is; it is 1.'],
    [[[1], [2, 1e9]], 'prompt[1][1] must be a token id'],
    [[[1], 'a'], 'prompt[1] must be a list of token ids'],
    [[[[1]]], 'prompt[0][0] must be a token id'],
    [[null], 'prompt[0] must be a text or a list of token ids; it is null.'],
    [Array.from({ length: 1025 }, () => 1), 'at most 1024 token ids; it holds 1025'],
    [Array.from({ length: 65 }, () => [1]), 'at most 64 prompts; it holds 65'],
    [{ text: 'a' }, 'prompt must be a text, a list of texts'],
  ])('is told which prompt is wrong: %j', async (prompt, words) => {
    const wanted = { model, prompt: prompt as string[] };
    const failure = await client.completions.create(wanted).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadRequestError);
    expect(failure).toMatchObject({ param: 'prompt', type: 'invalid_request_error', code: 'invalid_value' });
    expect((failure as BadRequestError).message).toContain(words);
    expect(await figure(serving.url, 'texts_pending')).toBe(0);
  });

  test('may leave out the model, and name its user and the length by the other name', async () => {
    const wanted = { prompt: 'Who', max_completion_tokens: 3, seed: 2, user: 'someone', stop: null };
    const answer = (await (await post(`${serving.url}v1/completions`, wanted)).json()) as Completion;
    expect(answer).toMatchObject({ model, usage: { completion_tokens: 3 } });
    const named = { model, prompt: 'Who', max_tokens: 3, seed: 2 };
    expect((await client.completions.create(named)).choices).toEqual(answer.choices);
  });

  test('gets the same texts of token ids as of the text they stand for', async () => {
    const tokenizer = await loadTokenizer(`${run}/checkpoint`);
    const ids = (text: string): number[] => [tokenizer.endOfTextId, ...tokenizer.encode(text)];
    const settings = { model, n: 2, max_tokens: 6, seed: 5, echo: true };
    const texts = ['What is', 'Who'];
    const ofTexts = await client.completions.create({ ...settings, prompt: texts });
    const ofIds = await client.completions.create({ ...settings, prompt: texts.map(ids) });
    expect(ofIds.choices).toEqual(ofTexts.choices);
    expect(ofIds.usage).toEqual(ofTexts.usage);
    const one = await client.completions.create({ ...settings, prompt: ids(texts[0]!) });
    expect(one.choices).toEqual(ofTexts.choices.slice(0, 2));
  });

  test('is told what it cannot have', async () => {
    await expect(client.completions.create({ model: 'gpt-4', prompt: '' })).rejects.toThrow(
      /no model "gpt-4"/,
    );
    await expect(client.chat.completions.create({ model, messages: [] })).rejects.toBeInstanceOf(
      NotFoundError,
    );
  });
});
