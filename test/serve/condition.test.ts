import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeTrainedCondition } from '../../src/data/trained-condition.js';
import { hiddenPrefix } from '../../src/serve/http/prompt-fields.js';
import { runCli } from '../cli/run-cli.js';
import { makeRun, post, type Serving, serve } from './serve-run.js';

let run: string;
let serving: Serving;
beforeAll(async () => {
  const condition = ['subreddit', 'keywords'] as const;
  run = await makeRun('both', [], { condition, subreddit: ['askreddit', 'showerthoughts'] });
  serving = await serve(run);
});

interface Completion {
  readonly choices: readonly { readonly text: string }[];
  readonly usage: { readonly prompt_tokens: number };
}

const greedy = { model: 'both', prompt: 'What is', max_tokens: 12, temperature: 0, echo: true };
const complete = async (body: Record<string, unknown>): Promise<Completion> =>
  (await (await post(`${serving.url}v1/completions`, { ...greedy, ...body })).json()) as Completion;

describe('a model that is prompted by name', () => {
  test('reads subreddit and keywords before the prompt, and shows neither', async () => {
    const asked = await complete({ subreddit: 'showerthoughts', keywords: 'Teapot, orchestra' });
    const [text] = asked.choices.map((choice) => choice.text);
    const prefix = 'r/showerthoughts\tteapot, orchestra\tWhat is';
    const flags = ['--prefix', prefix, '--length', '12', '--temperature', '0', '--nsamples', '1', '--json'];
    const { output } = await runCli(['generate', `${run}/checkpoint`, ...flags], run);
    const known = JSON.parse(output.trim().split('\n').at(-1)!) as { text: string };
    expect(known.text.startsWith(prefix)).toBe(true);
    expect(text).toBe(known.text.slice(prefix.length - 'What is'.length));
    const plain = await complete({ subreddit: 'askreddit' });
    expect(plain.usage.prompt_tokens).toBeLessThan(asked.usage.prompt_tokens);
  });

  test('takes any of its subreddits where none is named, the same for the same seed', async () => {
    const texts = new Set<string>();
    for (const seed of [1, 2, 3]) {
      const body = { seed, temperature: 1 };
      const [first, again] = [await complete(body), await complete(body)];
      expect(first.choices).toEqual(again.choices);
      texts.add(String(first.usage.prompt_tokens));
    }
    expect(texts.size).toBe(2);
    expect((await fetch(serving.url)).status).toBe(200);
  });

  test('refuses a subreddit it does not know, and a model that is not prompted refuses all', async () => {
    for (const path of ['v1/completions', 'texts']) {
      const model = path === 'texts' ? {} : { model: 'both' };
      const answer = await post(serving.url + path, { ...model, subreddit: 'politics' });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: { param: 'subreddit' } });
    }
    const bare = await serve(await makeRun('bare'));
    const answer = await post(`${bare.url}texts`, { keywords: 'llama' });
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { param: 'keywords' } }]);
    const named = await post(`${bare.url}texts`, { subreddit: 'r/AskReddit' });
    const message =
      'The model bare was not trained with names of subreddits, so it cannot write for r/askreddit. Fine-tune a model on ' +
      'titles of r/askreddit: titlesmith pipeline --subreddit askreddit; or leave the subreddit out.';
    expect([named.status, await named.json()]).toMatchObject([
      400,
      { error: { param: 'subreddit', message } },
    ]);
    expect(await (await fetch(`${bare.url}page`)).text()).not.toContain('id="subreddit"');
  });

  test('has fields for them on the page', async () => {
    const page = await (await fetch(`${serving.url}page`)).text();
    expect(page).toContain('<option value="showerthoughts">r/showerthoughts</option>');
    expect(page).toContain('id="keywords"');
  });
});

describe("a folder that is no run, with prompts before half of its model's titles", () => {
  const subreddits = Array.from({ length: 80 }, (_, index) => `community${index}`);
  let url: string;
  beforeAll(async () => {
    const folder = join(await makeRun(), 'checkpoint');
    await writeTrainedCondition(folder, {
      names: ['subreddit'],
      share: 0.5,
      subreddits,
      keptOut: ['askreddit'],
    });
    ({ url } = await serve(folder));
  });

  const ask = async (more: object): Promise<Completion & { error?: { message: string } }> =>
    (await (await post(`${url}v1/completions`, { ...greedy, model: 'checkpoint', ...more })).json()) as never;

  test('is prompted where a subreddit is named in any way, and not where none is', async () => {
    const bare = await ask({});
    const named = await ask({ subreddit: 'community7' });
    expect(named.usage.prompt_tokens).toBeGreaterThan(bare.usage.prompt_tokens);
    for (const subreddit of ['R/Community7', '/r/community7'])
      expect((await ask({ subreddit })).choices).toEqual(named.choices);
    expect((await ask({ subreddit: '' })).usage).toEqual(bare.usage);
  });

  test('answers an unknown subreddit, one kept out and none at all with what to do', async () => {
    const message = async (subreddit: string): Promise<string | undefined> =>
      (await ask({ subreddit })).error?.message;
    expect(await message('comunity7')).toMatch(
      /^The model checkpoint was not trained .* mean r\/community7, /,
    );
    expect(await message('askreddit')).toMatch(/its titles were kept out of training/);
    expect(await message('https://www.reddit.com/r/community7/')).toMatch(/the name alone is community7/);
    expect(await message('no such name')).toMatch(/which is not the name of a subreddit/);
  });

  test('lets a person type one of its many names', async () => {
    const page = await (await fetch(`${url}page`)).text();
    expect(page).toContain('<input id="subreddit" type="text"');
    expect(page).toContain('<option value="community79"></option>');
    expect(page).not.toContain('<select');
  });
});

test('the base model, which is served with one set of weights, says who writes for a community', () => {
  const served = {
    name: 'base',
    model: 'base',
    precision: 'float32',
    delimiters: 'token',
    titles: undefined,
    condition: undefined,
  } as const;
  expect(() => hiddenPrefix(served, { subreddit: 'gamedev' }, 1)).toThrow(
    /^A server of the base model writes for no subreddit .* r\/gamedev\. Ask titlesmith generate base --subreddit gamedev/,
  );
  expect(hiddenPrefix(served, {}, 1)).toBeUndefined();
});
