import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { subredditPrompt } from '../../src/data/known-subreddits.js';
import { readTrainedCondition, writeTrainedCondition } from '../../src/data/trained-condition.js';
import { failureLine } from './sources/helpers.js';

const parent = mkdtempSync(join(tmpdir(), 'titlesmith-condition-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const condition = {
  names: ['subreddit'],
  share: 0.5,
  subreddits: ['askculinary', 'cats', 'gamedev', 'gamedeals', 'nfl'],
  keptOut: ['askreddit'],
} as const;

describe("what a model's folder says that it is prompted by", () => {
  test('is read as it was written, and is nothing where there is no file', async () => {
    const folder = join(parent, 'new/model');
    await writeTrainedCondition(folder, condition);
    expect(await readTrainedCondition(folder)).toEqual(condition);
    expect(await readTrainedCondition(join(parent, 'elsewhere'))).toBeUndefined();
    expect(await readTrainedCondition(join(folder, 'condition.json'))).toBeUndefined();
  });

  test.each([
    '{',
    '[]',
    'null',
    JSON.stringify({ ...condition, formatVersion: '1' }),
    JSON.stringify({ ...condition, formatVersion: 1, share: 0 }),
    JSON.stringify({ ...condition, formatVersion: 1, names: ['author'] }),
    JSON.stringify({ ...condition, formatVersion: 1, subreddits: [1] }),
  ])('is refused in one line as %s', async (text) => {
    writeFileSync(join(parent, 'condition.json'), text);
    expect(await failureLine(() => readTrainedCondition(parent))).toMatch(
      /condition\.json does not say what the model is prompted by as titlesmith writes it\. Put the file/,
    );
  });

  test('of a newer titlesmith is refused as that', async () => {
    writeFileSync(join(parent, 'condition.json'), JSON.stringify({ ...condition, formatVersion: 2 }));
    expect(await failureLine(() => readTrainedCondition(parent))).toMatch(
      /condition\.json has format 2; this titlesmith reads 1\. Update titlesmith\.$/,
    );
  });
});

describe('a model that is asked for titles of a subreddit', () => {
  const asked = { title: 'The model b', start: 'b', condition, madeOf: [] };
  const line = (subreddit: string, model: Parameters<typeof subredditPrompt>[0] = asked) =>
    failureLine(async () => subredditPrompt(model, subreddit));

  test('reads the prompt it was trained with', () => {
    expect(subredditPrompt(asked, 'gamedev')).toBe('r/gamedev\t');
    const both = { ...condition, names: ['subreddit', 'keywords'] as const };
    expect(subredditPrompt({ ...asked, condition: both }, 'cats')).toBe('r/cats\t\t');
    expect(subredditPrompt({ ...asked, condition: both }, 'cats', ['nap'])).toBe('r/cats\tnap\t');
  });

  test('says that it knows no names, and what to do', async () => {
    const message =
      'The base model was not trained with names of subreddits, so it cannot write for r/gamedev. Fine-tune a model on ' +
      'titles of r/gamedev: titlesmith pipeline --subreddit gamedev --model base; or leave the subreddit out.';
    const base = { title: 'The base model', start: 'base', condition: undefined, madeOf: [] };
    expect(await line('gamedev', base)).toBe(message);
    const byKeywords = { ...condition, names: ['keywords'] as const, subreddits: [] };
    expect(await line('gamedev', { ...base, condition: byKeywords })).toBe(message);
    expect(await line('gamedev', { ...base, madeOf: ['gamedev'] })).toBe(
      'The base model writes for r/gamedev alone, and is not prompted by name. Leave the subreddit out.',
    );
    expect(await line('gamedev', { ...base, madeOf: ['cats'] })).toBe(message);
  });

  test('names those that are near', async () => {
    expect(await line('gamdev')).toMatch(/not trained with prompts for r\/gamdev\. Did you mean r\/gamedev/);
    expect(await line('gamede')).toMatch(/Did you mean r\/gamedev or r\/gamedeals\?$/);
    expect(await line('culinary')).toMatch(/Did you mean r\/askculinary\?$/);
    expect(await line('gamedevelopment')).toMatch(/Did you mean r\/gamedev\?$/);
    expect(await line('zzzzzz')).toMatch(
      /It knows r\/askculinary, r\/cats, .* and r\/nfl\. Fine-tune .* --subreddit zzzzzz --model b\.$/,
    );
    const many = Array.from({ length: 2442 }, (_, index) => `name_${index}`);
    expect(await line('zzzzzz', { ...asked, condition: { ...condition, subreddits: many } })).toMatch(
      /None of the 2,442 that it knows is near\. Fine-tune/,
    );
  });

  test('says of those kept out why it does not know them', async () => {
    expect(await line('askreddit')).toBe(
      'The model b knows no r/askreddit: its titles were kept out of training, so that the model can be tested on them. ' +
        'Fine-tune a model on titles of r/askreddit: titlesmith pipeline --subreddit askreddit --model b; or name ' +
        'another subreddit.',
    );
  });
});
