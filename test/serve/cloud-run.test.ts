import { beforeAll, describe, expect, test } from 'vitest';
import { makeRun, post, type Serving, serve } from './serve-run.js';

let serving: Serving;
beforeAll(async () => {
  serving = await serve(await makeRun());
});

async function textOf(response: Response): Promise<string> {
  expect(response.status).toBe(200);
  const body = (await response.json()) as { text: string };
  expect(Object.keys(body)).toEqual(['text']);
  return body.text;
}

describe('a client of gpt-2-cloud-run', () => {
  test('that asks by GET, without and with parameters', async () => {
    // A text may end early by chance; of ten, not all do.
    const texts = await Promise.all(Array.from({ length: 10 }, async () => textOf(await fetch(serving.url))));
    expect(Math.max(...texts.map((text) => text.length))).toBeGreaterThan(50);
    const query = 'length=5&temperature=0.9&top_k=40&top_p=0.9&prefix=What%20is&include_prefix=true';
    expect(await textOf(await fetch(`${serving.url}?${query}`))).toMatch(/^What is/);
  });

  test('that mistypes a parameter is told which was meant; others have no effect', async () => {
    for (const [typed, meant] of [
      ['topk=3', 'top_k'],
      ['Top-P=0.9', 'top_p'],
      ['temperatur=1', 'temperature'],
      ['lenght=5', 'length'],
    ]) {
      const response = await fetch(`${serving.url}?${typed}`);
      expect(response.status).toBe(400);
      expect(await response.text()).toContain(`Did you mean ${meant}?`);
    }
    expect((await post(serving.url, { lenght: 5 })).status).toBe(400);
    await textOf(await fetch(`${serving.url}?length=5&utm_source=mail`));
  });

  test('whose page posts JSON as a form, numbers as text', async () => {
    const response = await fetch(serving.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' },
      body: JSON.stringify({ prefix: 'Who', length: '9', temperature: '0.7', top_k: '40' }),
    });
    expect(await textOf(response)).toMatch(/^Who/);
  });

  test('that wakes it up with HEAD gets an answer without a text', async () => {
    const response = await fetch(serving.url, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('may leave the prefix out of the text, and its mark in the prefix', async () => {
    const greedy = { length: 12, temperature: 0, prefix: 'What is the best' };
    const whole = await textOf(await post(serving.url, greedy));
    const rest = await textOf(await post(serving.url, { ...greedy, include_prefix: 'False' }));
    expect(whole).toBe(greedy.prefix + rest);
    const marked = { ...greedy, prefix: `<|startoftext|>${greedy.prefix}`, truncate: '<|endoftext|>' };
    expect(await textOf(await post(serving.url, marked))).toBe(whole);
    const end = rest.slice(8, 11);
    const cut = await textOf(await post(serving.url, { ...greedy, truncate: end, include_prefix: false }));
    expect(cut).toBe(rest.slice(0, rest.indexOf(end)));
  });

  test('that asks for the whole context gets what fits, and a long prefix is cut at 500', async () => {
    const prefix = `abc ${'it a '.repeat(200)}`;
    // Greedy: a drawn text may go on as the prefix does, by chance.
    const whole = { length: 1023, temperature: 0, prefix, include_prefix: true };
    const text = await textOf(await post(serving.url, whole));
    expect(text.startsWith(prefix.slice(0, 500))).toBe(true);
    expect(text.startsWith(prefix.slice(0, 501))).toBe(false);
  });

  test('that opens the address in a browser gets the page; one that asks for JSON never does', async () => {
    const browser = { redirect: 'manual', headers: { Accept: 'text/html,*/*;q=0.8' } } as const;
    const opened = await fetch(serving.url, browser);
    expect([opened.status, opened.headers.get('location')]).toEqual([302, 'page']);
    await textOf(await fetch(`${serving.url}?length=3`, browser));
  });

  test.each([
    [{ length: 0 }, 'length'],
    [{ length: '12.5' }, 'length'],
    [{ length: 'NaN' }, 'length'],
    [{ temperature: -1 }, 'temperature'],
    [{ temperature: '1e999' }, 'temperature'],
    [{ top_k: [3] }, 'top_k'],
    [{ top_p: 1.5 }, 'top_p'],
    [{ prefix: 7 }, 'prefix'],
    [{ prefix: 'a\ud800b' }, 'prefix'],
    [{ truncate: {} }, 'truncate'],
  ])('is told which field is wrong: %j', async (body, field) => {
    const response = await post(serving.url, body);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { param: string; message: string } };
    expect(error.param).toBe(field);
    expect(error.message).toMatch(new RegExp(`^${field} `));
  });
});
