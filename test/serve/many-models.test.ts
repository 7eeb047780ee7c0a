import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkServingMemory } from '../../src/pipeline/decide/serving-memory.js';
import { openServedModels } from '../../src/pipeline/open-served-models.js';
import { lastLine, runCli } from '../cli/run-cli.js';
import { figure, makeRun, post, type Serving, serve, sizes } from './serve-run.js';

const hostile = '<i>"a" & b</i> {model="x"} ../r\u202e';
let runs: string[];
let serving: Serving;
beforeAll(async () => {
  runs = [
    await makeRun('plain'),
    await makeRun('wide', [], {}, { width: 48, layers: 1, heads: 2 }),
    await makeRun(hostile, [], { condition: ['subreddit', 'keywords'], subreddit: ['askreddit'] }),
  ];
  serving = await serve(runs);
});

const wish = { prompt: 'What', max_tokens: 10, seed: 4, n: 3, temperature: 0.8 };
const ask = (body: object, server = serving): Promise<Response> =>
  post(`${server.url}v1/completions`, { ...wish, ...body });

async function textsOf(answer: Response): Promise<unknown> {
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { choices: unknown }).choices;
}

describe('several models in one server', () => {
  test('each give what they give alone, all asked at once', async () => {
    const names = ['plain', 'wide', hostile];
    const together = await Promise.all(names.map(async (model) => textsOf(await ask({ model }))));
    for (const [index, model] of names.entries()) {
      const alone = await serve(runs[index]!);
      expect(together[index]).toEqual(await textsOf(await ask({ model }, alone)));
      await alone.stop();
    }
    expect(new Set(together.map((texts) => JSON.stringify(texts))).size).toBe(3);
  });

  test('are listed, and each is found by its name', async () => {
    const list = (await (await fetch(`${serving.url}v1/models`)).json()) as { data: { id: string }[] };
    expect(list.data.map(({ id }) => id)).toEqual(['plain', 'wide', hostile]);
    for (const name of ['plain', hostile]) {
      const answer = await fetch(`${serving.url}v1/models/${encodeURIComponent(name)}`);
      expect(await answer.json()).toMatchObject({ id: name, object: 'model' });
    }
  });

  test.each(['nothing', '', '__proto__', 'constructor', 'Plain', 'plain '])(
    'have none called %j, and say which there are',
    async (model) => {
      const answer = await ask({ model });
      const { error } = (await answer.json()) as { error: { message: string } };
      expect([answer.status, error]).toMatchObject([
        404,
        { code: 'model_not_found', param: 'model', type: 'not_found_error' },
      ]);
      expect(error.message).toBe(
        `There is no model ${JSON.stringify(model)} here; this server has "plain", "wide", ${JSON.stringify(hostile)}.`,
      );
    },
  );

  test('must be named, on every road', async () => {
    const roads = [
      await ask({}),
      await ask({ model: null }),
      await post(`${serving.url}texts`, {}),
      await fetch(`${serving.url}?length=2`),
      await post(serving.url, { length: 2 }),
    ];
    for (const answer of roads) {
      expect(answer.status).toBe(400);
      const { error } = (await answer.json()) as { error: { param: string; message: string } };
      expect(error.param).toBe('model');
      expect(error.message).toMatch(/^model must be named, as this server has several: "plain", "wide", /);
    }
    expect((await fetch(`${serving.url}?length=2&model=wide`)).status).toBe(200);
    expect((await post(serving.url, { length: 2, model: 'wide' })).status).toBe(200);
    expect(await (await post(`${serving.url}texts`, { length: 2, model: 'wide' })).text()).toContain(
      'event: end',
    );
  });

  test('are prompted each as it was trained', async () => {
    const prompted = await ask({ model: hostile, subreddit: 'askreddit', keywords: 'teapot' });
    expect(prompted.status).toBe(200);
    for (const [field, value] of [
      ['subreddit', 'askreddit'],
      ['keywords', 'teapot'],
    ] as const) {
      const refused = await ask({ model: 'plain', [field]: value });
      expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: field } }]);
    }
  });

  test('are counted apart', async () => {
    const text = await (await fetch(`${serving.url}metrics`)).text();
    for (const name of ['plain', 'wide', hostile.replaceAll('"', '\\"')]) {
      expect(text).toContain(`\ntitlesmith_ready{model="${name}"} 1\n`);
      expect(text).toMatch(
        new RegExp(`\ntitlesmith_texts_total\\{model="${name.replace(/\W/gu, '\\$&')}"\\} [1-9]`),
      );
    }
  });

  test('do not wait for each other, nor for the queue of one', async () => {
    const large = await makeRun('large', [], {}, sizes.large);
    const busy = await serve([large, runs[0]!], ['--slots', '2', '--queue', '1000', '--capacity', '1024']);
    const leaving = new AbortController();
    const body = { ...wish, model: 'large', n: 1002, max_tokens: 900 };
    const gone = post(`${busy.url}v1/completions`, body, { signal: leaving.signal }).catch(() => {});
    await expect.poll(() => figure(busy.url, 'texts_pending')).toBe(1002);
    expect((await ask({ model: 'large' }, busy)).status).toBe(429);
    expect((await ask({ model: 'plain' }, busy)).status).toBe(200);
    leaving.abort();
    await gone;
  });
});

describe('the page of several models', () => {
  const page = async (query = ''): Promise<string> => (await fetch(`${serving.url}page${query}`)).text();

  test('offers all, is that of the first, or of the one that its address names', async () => {
    const [first, named] = [await page(), await page(`?${new URLSearchParams({ model: hostile })}`)];
    expect(first).toContain('<option value="plain" selected>plain</option>');
    expect(first).toContain('<option value="wide">wide</option>');
    expect(first).not.toContain('id="keywords"');
    expect(named).toContain('id="keywords"');
    expect(named).toContain(
      'value="&lt;i&gt;&quot;a&quot; &amp; b&lt;/i&gt; {model=&quot;x&quot;} ../r\u202e" selected',
    );
    expect(named).not.toContain('<i>');
    expect((await fetch(`${serving.url}page?model=nothing`)).status).toBe(404);
  });
});

describe('models to serve', () => {
  const parent = mkdtempSync(join(tmpdir(), 'titlesmith-many-'));
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  test('may be all trained runs of a folder; what they take is said first', async () => {
    const folder = join(parent, 'runs');
    mkdirSync(folder);
    for (const [index, name] of ['b', 'a'].entries())
      cpSync(runs[index]!, join(folder, name), { recursive: true });
    cpSync(join(runs[0]!, 'run.json'), join(folder, 'untrained/run.json'), { recursive: true });
    writeFileSync(join(folder, 'notes.txt'), 'not a run');
    const { served, reasons } = await openServedModels([folder], { device: 'cpu' });
    expect(served.map(({ name }) => name)).toEqual(['wide', 'plain']);
    expect(reasons.join('\n')).toMatch(
      /memory: 2 models take some \d+\.\d MB of \d+\.\d .B that are free \(weights .*slots .*titles/,
    );
    expect(reasons).toContain(`skipped: ${join(folder, 'untrained')} (a run that was not trained yet)`);
  });

  test('may be renamed where two have one name', async () => {
    const two = await serve([runs[0]!, `other=${runs[0]}`]);
    expect(await textsOf(await ask({ model: 'other' }, two))).toEqual(
      await textsOf(await ask({ model: 'plain' }, two)),
    );
  });

  test.each([
    [
      'two of one name',
      () => [runs[0]!, runs[0]!],
      2,
      /Two models are called "plain": .* Give one of them another name/,
    ],
    ['an empty name', () => [`=${runs[0]}`, runs[1]!], 2, /The name of .* is empty/],
    [
      'a name that cannot be shown',
      () => [`a\nb=${runs[0]}`, runs[1]!],
      2,
      /The name of .* holds characters/,
    ],
    [
      'a long name',
      () => [`${'n'.repeat(201)}=${runs[0]}`, runs[1]!],
      2,
      /has 201 characters, more than 200/,
    ],
    ['one that is not there', () => [runs[0]!, './nowhere'], 1, /There is no folder "\.\/nowhere"/],
    ['--name for several', () => [runs[0]!, runs[1]!, '--name', 'x'], 2, /--name is for one model/],
  ])('are refused before anything is loaded: %s', async (_, words, code, message) => {
    const finished = await runCli(['serve', ...words(), '--port', '0'], parent);
    expect([finished.code, lastLine(finished)]).toEqual([code, expect.stringMatching(message)]);
    expect(finished.output).toBe('');
    expect(finished.errors).not.toMatch(/\n {4}at /);
  });

  test('are refused where one is damaged, in one line that names it', async () => {
    const broken = await makeRun('broken');
    const weights = join(broken, 'checkpoint/model.safetensors');
    const whole = await readFile(weights);
    for (const content of ['no weights', whole.subarray(0, whole.length - 8)]) {
      await writeFile(weights, content);
      const finished = await runCli(['serve', runs[0]!, broken, '--port', '0'], parent);
      expect([finished.code, lastLine(finished)]).toEqual([1, expect.stringContaining(broken)]);
    }
    await rm(weights);
    const finished = await runCli(['serve', runs[0]!, broken, '--port', '0'], parent);
    expect([finished.code, lastLine(finished)]).toEqual([1, expect.stringContaining(broken)]);
  });

  test('are refused where they take more memory than is free', () => {
    const parts = [
      { what: 'weights', bytes: 3e9 },
      { what: 'slots', bytes: 1e9 },
    ];
    expect(checkServingMemory(parts, 4, 4e9)).toBe(
      'memory: 4 models take some 4.0 GB of 4.0 GB that are free (weights 3.0 GB, slots 1.0 GB)',
    );
    expect(() => checkServingMemory(parts, 4, 3.9e9)).toThrow(
      /^The 4 models take some 4\.0 GB of memory, but .* has 3\.9 GB free \(weights 3\.0 GB, slots 1\.0 GB\)/,
    );
  });
});
