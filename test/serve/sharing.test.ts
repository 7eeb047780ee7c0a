import { beforeAll, describe, expect, test } from 'vitest';
import { figure, makeRun, post, type Serving, serve, sizes } from './serve-run.js';

/** Of a small model; and of one that needs minutes for all that its queue holds, so that it is at work while a test looks. */
let serving: Serving;
let toiling: Serving;
beforeAll(async () => {
  const flags = ['--slots', '4', '--capacity', '1024'];
  serving = await serve(await makeRun(), [...flags, '--queue', '20']);
  toiling = await serve(await makeRun('made-up', [], {}, sizes.large), [
    ...flags,
    '--queue',
    '1020',
    '--deadline',
    '3600',
  ]);
});

const model = 'made-up';
const completeOn =
  (server: () => Serving) =>
  (body: Record<string, unknown>, init?: RequestInit): Promise<Response> =>
    post(`${server().url}v1/completions`, { model, ...body }, init);
const complete = completeOn(() => serving);
const toil = completeOn(() => toiling);

/** Gives that server texts to generate which it does not finish, for as long as something is done; they are gone after it. */
async function whileToiling(body: Record<string, unknown>, act: () => Promise<void>): Promise<void> {
  const leaving = new AbortController();
  const gone = toil(body, { signal: leaving.signal }).then((response) => response.text());
  const left = expect(gone).rejects.toThrow();
  await expect.poll(() => figure(toiling.url, 'texts_pending')).toBeGreaterThan(900);
  await act();
  leaving.abort();
  await left;
  await idle(toiling);
}

interface Completion {
  readonly choices: readonly { readonly text: string }[];
}

async function textsOf(response: Response): Promise<string[]> {
  expect(response.status).toBe(200);
  return ((await response.json()) as Completion).choices.map(({ text }) => text);
}

/** Waits until everything asked for has left a server. */
async function idle({ url }: Serving): Promise<void> {
  await expect.poll(() => figure(url, 'texts_pending')).toBe(0);
  await expect.poll(() => figure(url, 'slots_busy')).toBe(0);
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

  test('are answered fairly: one text does not wait for a thousand long ones', async () => {
    await whileToiling({ n: 1000, max_tokens: 900, seed: 1 }, async () => {
      expect(await textsOf(await toil({ max_tokens: 5 }))).toHaveLength(1);
      expect(await figure(toiling.url, 'texts_pending')).toBeGreaterThan(900);
    });
  });

  test('beyond the queue get 429 and when to come back; those that were taken are finished', async () => {
    await whileToiling({ n: 1000, max_tokens: 900, seed: 1 }, async () => {
      const taken = toil({ n: 4, max_tokens: 20 });
      const refused = await toil({ n: 1000, max_tokens: 1 });
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(await refused.json()).toMatchObject({ error: { code: 'overloaded', type: 'rate_limit_error' } });
      expect(await textsOf(await taken)).toHaveLength(4);
    });
  });

  test('that come all at once are each finished or refused', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, seed) => complete({ n: 4, max_tokens: 300, seed })),
    );
    const taken = answers.filter(({ status }) => status === 200);
    // Six have room at the same time.
    expect(taken.length).toBeGreaterThanOrEqual(6);
    for (const answer of taken) expect(await textsOf(answer)).toHaveLength(4);
    for (const { status } of answers.filter((answer) => !taken.includes(answer))) expect(status).toBe(429);
    await idle(serving);
  });

  test.each([false, true])('whose client leaves make room at once (stream: %s)', async (stream) => {
    const all = { n: 1024, max_tokens: 1 };
    await whileToiling({ n: 1000, max_tokens: 1000, stream }, async () => {
      expect((await toil(all)).status).toBe(429);
    });
    await idle(toiling);
    expect(await textsOf(await toil(all))).toHaveLength(1024);
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
    // On a busy machine even two tokens may take so long.
    await expect.poll(async () => (await post(hasty.url, { length: 2 })).status).toBe(200);
  });
});
