import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keywordsOf } from '../../src/data/conditioning.js';
import { lastLine, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
const run = 'runs/askreddit-showerthoughts';
const lines = (name: string): string[] =>
  readFileSync(join(folder, run, name), 'utf8')
    .split(/\r?\n/)
    .filter(Boolean);

describe('--condition subreddit,keywords', () => {
  test('makes one run of several subreddits, whose titles stand behind their prompts', async () => {
    const flags = ['--source', 'sample', '--limit', '300', '--until', 'dataset'];
    const command = [
      'pipeline',
      '--subreddit',
      'askreddit',
      'showerthoughts',
      '--condition',
      'subreddit,keywords',
    ];
    const finished = await runCli([...command, ...flags], folder);
    expect(finished.code).toBe(0);
    const [header, ...titles] = lines('titles.csv');
    expect(header).toBe('title,subreddit');
    const of = (name: string): number => titles.filter((line) => line.endsWith(`,${name}`)).length;
    expect(of('askreddit')).toBeGreaterThan(200);
    expect(of('showerthoughts')).toBeGreaterThan(200);
    const train = lines('dataset/train.txt');
    for (const line of train) {
      const [, subreddit, keywords, title] =
        /^<\|startoftext\|>r\/(\w+)\t([^\t]*)\t([^\t]+)<\|endoftext\|>$/.exec(line)!;
      expect(['askreddit', 'showerthoughts']).toContain(subreddit);
      expect(keywords).toBe(keywordsOf(title!).join(', '));
    }
    expect(train.some((line) => line.includes('r/askreddit\t'))).toBe(true);
    const again = await runCli([...command, ...flags], folder);
    expect(again.errors).toMatch(/dataset .*(skipped|unchanged|up to date)/i);
  });

  test.each([
    [
      ['--condition', 'author', '--subreddit', 'askreddit'],
      /--condition got "author", which is not one or several of subreddit/,
    ],
    [
      ['--condition', 'subreddit', '--source', 'csv', '--input', 'a.csv'],
      /--condition subreddit needs titles whose/,
    ],
  ])('%j ends in one clear line', async (flags, message) => {
    const finished = await runCli(['pipeline', ...flags], folder);
    expect(finished.code).toBe(2);
    expect(lastLine(finished)).toMatch(message);
  });
});
