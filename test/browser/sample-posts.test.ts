import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { samplePostsSource } from '../../src/browser/titles/sample-posts.js';
import { collect } from '../../src/common/collect.js';
import { silentContext } from '../../src/common/progress.js';
import { openSampleSource, samplePath } from '../../src/data/sources/dump-source.js';
import { failureLine } from '../data/sources/helpers.js';
import { question } from '../data/sources/posts.js';

const sample = samplePostsSource(new Blob([readFileSync(samplePath)]));

test('a browser reads from the sample what Node does, in the same order, and knows it by the same fingerprint', async () => {
  const onNode = openSampleSource();
  for (const query of [
    question({ subreddits: ['askreddit'], minLength: 8, limit: 500 }),
    question({ subreddits: ['Showerthoughts', 'askreddit'], minLength: 20, limit: 16_000 }),
  ]) {
    const rows = await collect(sample.rows(query, silentContext));
    expect(rows.length).toBeGreaterThan(400);
    expect(rows).toEqual(await collect(onNode.rows(query, silentContext)));
  }
  expect(await sample.fingerprint()).toBe(await onNode.fingerprint());
  expect(sample.describe()).toBe(onNode.describe());
});

test('a subreddit that the sample lacks is refused in the same words', async () => {
  const ask = (source: typeof sample) =>
    failureLine(() => collect(source.rows(question({ subreddits: ['askredit'] }), silentContext)));
  expect(await ask(sample)).toBe(await ask(openSampleSource()));
});
