import { beforeAll, describe, expect, test } from 'vitest';
import { figure, makeRun, post, type Serving, serve } from './serve-run.js';

let serving: Serving;
beforeAll(async () => {
  serving = await serve(await makeRun(), ['--slots', '4', '--queue', '20', '--capacity', '1024']);
});

const model = 'made-up';
const complete = (body: Record<string, unknown>, init?: RequestInit): Promise<Response> =>
  post(`${serving.url}v1/completions`, { model, ...body }, init);

interface Completion {
  readonly choices: readonly { readonly text: string }[];
}

async function textsOf(response: Response): Promise<string[]> {
  expect(response.status).toBe(200);
  return ((await response.json()) as Completion).choices.map(({ text }) => text);
}

/** Waits until everything asked for has left the server. */
async function idle(): Promise<void> {
  await expect.poll(() => figure(serving.url, 'texts_pending')).toBe(0);
  await expect.poll(() => figure(serving.url, 'slots_busy')).toBe(0);
}

describe('requests at the same time', () => {
  test('get what they get alone', async () => {
    const wishes = Array.from({ length: 12 }, (_, seed) => ({
      seed,
      n: 1 + (seed % 3),
      prompt: ['What', 'Who is', ''][seed % 3],
      max_tokens: 10 + seed,
      temperature: 0.5 + seed / 10,
    }));
    const together = await Promise.all(wishes.map(async (wish) => textsOf(await complete(wish))));
    const alone: string[][] = [];
    for (const wish of wishes) alone.push(await textsOf(await complete(wish)));
    expect(together).toEqual(alone);
  });

  test('are answered fairly: one text does not wait for twenty long ones', async () => {
    let manyDone = false;
    const many = complete({ n: 20, max_tokens: 900, seed: 1 }).then((response) => {
      manyDone = true;
      return textsOf(response);
    });
    await expect.poll(() => figure(serving.url, 'slots_busy')).toBe(4);
    await textsOf(await complete({ max_tokens: 5 }));
    expect(manyDone).toBe(false);
    expect(await many).toHaveLength(20);
  });

  test('beyond the queue get 429 and when to come back; those that were taken are finished', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, seed) => complete({ n: 4, max_tokens: 300, seed })),
    );
    const taken = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect(taken.length + refused.length).toBe(30);
    expect(taken.length).toBeGreaterThanOrEqual(6);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of taken) expect(await textsOf(answer)).toHaveLength(4);
    for (const answer of refused) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(await answer.json()).toMatchObject({ error: { code: 'overloaded', type: 'rate_limit_error' } });
    }
    await idle();
  });

  test.each([false, true])('whose client leaves make room at once (stream: %s)', async (stream) => {
    // On a busy machine the texts may be over before they are seen at work, or refuse anything: then once more.
    for (let status = 0; status !== 429; ) {
      const leaving = new AbortController();
      let over = false;
      const gone = complete({ n: 24, max_tokens: 1000, stream }, { signal: leaving.signal })
        .then((response) => response.text())
        .catch(() => undefined)
        .finally(() => {
          over = true;
        });
      while (!over && status === 0)
        if ((await figure(serving.url, 'texts_pending')) > 16)
          status = (await complete({ n: 24, max_tokens: 1 })).status;
      if (status !== 429) status = 0;
      leaving.abort();
      await gone;
      await idle();
    }
    await textsOf(await complete({ max_tokens: 1 }));
  });
});

describe('a deadline', () => {
  test('ends a request that takes too long, whole or streamed, and frees its slots', async () => {
    const hasty = await serve(await makeRun('hasty'), [
      '--deadline',
      '0.2',
      '--slots',
      '2',
      '--queue',
      '62',
      '--capacity',
      '1024',
    ]);
    const long = { model: 'hasty', n: 60, max_tokens: 1000 };
    const late = await post(`${hasty.url}v1/completions`, long);
    expect(late.status).toBe(504);
    expect(await late.json()).toMatchObject({ error: { code: 'deadline_exceeded', type: 'server_error' } });
    const streamed = await (await post(`${hasty.url}v1/completions`, { ...long, stream: true })).text();
    expect(streamed).toMatch(/data: \{"error":\{"message":"The request took longer than 0.2 s/);
    expect(streamed).not.toContain('[DONE]');
    await expect.poll(() => figure(hasty.url, 'slots_busy')).toBe(0);
    expect((await post(hasty.url, { length: 2 })).status).toBe(200);
  });
});
