import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { dumpSource } from '../../../src/data/sources/dump-source.js';
import { openSource } from '../../../src/data/sources/open-source.js';
import { failureLine, ndjson, temporaryFolder, titlesOf, write } from './helpers.js';
import { expectedTitles, hostilePosts, question } from './posts.js';

const folder = temporaryFolder();

test('says plainly that its posts are made up, and names no folder', async () => {
  const source = await openSource('sample', {});
  expect(source.name).toBe('sample');
  expect(source.describe()).toMatch(/made-up posts, not from Reddit/);
  expect(source.describe()).not.toMatch(/[\\/]/);
});

test('is asked the question that dumps are asked', async () => {
  const file = write(folder, 'stand-in.ndjson.gz', gzipSync(ndjson(hostilePosts)));
  const source = dumpSource([file], { name: 'sample', description: 'a stand-in' });
  expect(await titlesOf(source, question({ limit: 7 }))).toEqual(
    expectedTitles(hostilePosts, question({ limit: 7 })),
  );
  const unknown = question({ subreddits: ['showerthougths'] });
  expect(await failureLine(() => titlesOf(source, unknown))).toMatch(
    /It has posts of showerthoughts, askreddit/,
  );
  const none = question({ subreddits: [] });
  expect(await failureLine(() => titlesOf(source, none))).toMatch(/^The sample source needs/);
});
