import { expect, test } from 'vitest';
import { makeRun, post, serve } from './serve-run.js';

interface Event {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function eventsOf(text: string): Event[] {
  const blocks = text.split('\n\n').filter((block) => block !== '');
  return blocks.map((block) => {
    const [, name = '', data = ''] = /^event: (\w+)\ndata: (.+)$/.exec(block) ?? [];
    return { name, data: JSON.parse(data) as Event['data'] };
  });
}

test("the page's own stream: begin, pieces, texts with what they resemble, end", async () => {
  const serving = await serve(await makeRun());
  const wanted = { prompt: 'What is', n: 3, length: 12, seed: 5, temperature: 0.7 };
  const answer = await post(`${serving.url}texts`, wanted);
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const events = eventsOf(await answer.text());
  expect(events[0]).toEqual({ name: 'begin', data: { seed: 5, n: 3 } });
  expect(events.at(-1)).toEqual({ name: 'end', data: {} });
  const texts = events.filter(({ name }) => name === 'text').map(({ data }) => data);
  expect(texts.map(({ index }) => index).sort()).toEqual([0, 1, 2]);
  for (const text of texts) {
    expect(text).toMatchObject({
      tokens: expect.any(Number),
      finishReason: expect.stringMatching(/stop|length/),
    });
    expect(text).toHaveProperty('copy');
    expect(text).toHaveProperty('isCopied');
    const pieces = events.filter(({ name, data }) => name === 'piece' && data['index'] === text['index']);
    const said = pieces.map(({ data }) => data['piece']).join('');
    expect(String(text['text']).startsWith(said)).toBe(true);
    expect(said).not.toBe('');
  }
  await serving.stop();
});
