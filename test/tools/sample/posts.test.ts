import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { encode } from 'gpt-tokenizer/encoding/r50k_base';
import { compareTwoStrings } from 'string-similarity';
import { describe, expect, test } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { silentContext } from '../../../src/common/progress.js';
import { cleanTitles } from '../../../src/data/cleaning/clean-titles.js';
import { samplePath } from '../../../src/data/sources/dump-source.js';
import { openSource } from '../../../src/data/sources/open-source.js';
import { samplePosts, toNdjson } from '../../../tools/sample/posts.js';

const bundled = readFileSync(samplePath);
const posts = samplePosts();

/** What the pipeline makes of one subreddit of the file: kept titles, best first, and why others were not. */
async function extract(subreddit: string): Promise<{ kept: string[]; reasons: Set<string> }> {
  const source = await openSource('sample', {});
  const query = { subreddits: [subreddit], from: undefined, to: undefined, limit: 16_000, minLength: 8 };
  const rows = await collect(cleanTitles(source.rows(query, silentContext)));
  const kept = rows.flatMap((row) => ('title' in row ? [row.title] : []));
  return { kept, reasons: new Set(rows.flatMap((row) => ('reason' in row ? [row.reason] : []))) };
}

describe('the bundled file', () => {
  test('is what the generator makes', () => {
    expect(gunzipSync(bundled).toString('utf8') === toNdjson(posts)).toBe(true);
  });

  test('has a gzip header without name, time and system, so that it differs only with its content', () => {
    expect([...bundled.subarray(0, 4)]).toEqual([0x1f, 0x8b, 8, 0]);
    expect(bundled.readUInt32LE(4)).toBe(0);
    expect(bundled[9]).toBe(255);
  });
});

describe('posts', () => {
  test('stand in order of time, ids counting up, within the half year', () => {
    const ids = posts.map(({ id }) => Number.parseInt(id, 36));
    expect(ids).toEqual(ids.map((_, index) => ids[0]! + index));
    const times = posts.map((post) => post.created_utc);
    expect(times).toEqual([...times].sort((left, right) => left - right));
    expect(new Date(times[0]! * 1000).toISOString()).toMatch(/^2019-01-/);
    expect(new Date(times.at(-1)! * 1000).toISOString()).toMatch(/^2019-06-/);
  });

  test('are many, from four subreddits, most of them with few points', () => {
    expect(posts.length).toBeGreaterThanOrEqual(6000);
    expect(new Set(posts.map(({ subreddit }) => subreddit)).size).toBe(4);
    const scores = posts.map(({ score }) => score).sort((left, right) => left - right);
    expect(scores[0]).toBe(0);
    expect(scores[Math.floor(scores.length / 2)]).toBeLessThan(6);
    expect(scores.at(-1)).toBeGreaterThan(10_000);
  });

  test('hold every kind of dirt', () => {
    const titles = posts.map(({ title }) => title);
    const kinds = {
      entity: /&(amp|lt|gt);/,
      quotedEntity: /&quot;/,
      doublyEscaped: /&amp;(amp|gt);/,
      delimiter: /&lt;\|endoftext\|&gt;/,
      replacement: /\ufffd/,
      zeroWidth: /[\u200b\ufeff\u2060]/,
      control: /[^\P{Cc}\n]/u,
      direction: /\u200f/,
      newline: /\n/,
      noBreakSpace: /\u00a0/,
      outerSpace: /^ | $/,
      emoji: /\p{Extended_Pictographic}/u,
      joinedEmoji: /\p{Extended_Pictographic}\u200d\p{Extended_Pictographic}/u,
      decomposed: /e\u0301/,
      curlyQuote: /[\u2019\u201c]/,
      gone: /^ ?\[(deleted|removed|deleted by user)\]/,
      empty: /^$/,
    };
    for (const [kind, pattern] of Object.entries(kinds)) {
      expect(
        titles.some((title) => pattern.test(title)),
        kind,
      ).toBe(true);
    }
    expect(new Set(titles).size).toBeLessThan(titles.length);
  });
});

describe.each([
  ['AskReddit', 2800, 60],
  ['Showerthoughts', 2800, 60],
  ['todayilearned', 900, 0],
  ['LifeProTips', 900, 0],
])('%s after cleaning', (subreddit, least, heldOut) => {
  test('has enough titles, of the length of titles, in few tokens', async () => {
    const { kept, reasons } = await extract(subreddit);
    expect(kept.length).toBeGreaterThanOrEqual(least);
    expect([...reasons].sort()).toEqual(['deleted or removed', 'duplicate', 'too short']);
    expect(new Set(kept.flatMap((title) => encode(title))).size).toBeLessThan(2500);
    const words = kept.map((title) => title.split(' ').length).sort((left, right) => left - right);
    expect(words[Math.floor(words.length * 0.05)]).toBeGreaterThanOrEqual(6);
    expect(words[Math.floor(words.length * 0.9)]).toBeLessThanOrEqual(21);
  });

  test.runIf(heldOut > 0)('seldom has near copies', async () => {
    const { kept } = await extract(subreddit);
    const others = kept.slice(heldOut);
    const near = kept
      .slice(0, heldOut)
      .filter((title) => others.some((other) => compareTwoStrings(title, other) >= 0.8));
    expect(near.length / heldOut).toBeLessThan(0.15);
  });
});
