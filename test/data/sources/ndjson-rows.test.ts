import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext } from '../../../src/common/progress.js';
import { openDumpSource } from '../../../src/data/sources/dump-source.js';
import { KeySearch } from '../../../src/data/sources/ndjson/key-search.js';
import type { TitleQuery } from '../../../src/data/sources/title-source.js';
import { titlesByDuckdb } from './duckdb-oracle.js';
import { failureLine, ndjson, temporaryFolder, titlesOf, write } from './helpers.js';
import { expectedTitles, type Post, post, question, second } from './posts.js';

const folder = temporaryFolder();
let serial = 0;
const file = (content: string | Uint8Array, name = 'ndjson'): string => {
  serial += 1;
  return write(folder, `${serial}.${name}`, content);
};

/** Titles and warnings of one file. */
async function read(content: string | Uint8Array, query: TitleQuery = question({}), strict = false) {
  const source = await openDumpSource([file(content)], { strict });
  const warnings: string[] = [];
  const context = {
    ...silentContext,
    onProgress: (event: { kind: string; message?: string }) => {
      if (event.kind === 'warning') warnings.push(event.message ?? '');
    },
  };
  const titles = (await collect(source.rows(query, context))).map(({ title }) => title);
  return { titles, warnings };
}

/** Enough posts that the beginning, which is parsed in full, is behind. */
const others = ndjson(
  Array.from({ length: 150 }, (_, index) => post(`Elsewhere ${index}`, { subreddit: 'pics' })),
);

describe('one answer', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom('"subreddit":"AskReddit"', '{"score":99}', '&amp;lt; &gt; \uFFFD }', '\\u0061', '\u2028'),
  );
  const scalar = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom('2', '2.0', ' 1', '1e0', 'x', null, true),
  );
  const anyPost = fc.record(
    {
      crosspost_parent_list: fc.array(
        fc.record({
          subreddit: fc.constantFrom('AskReddit', 'pics'),
          score: fc.integer({ min: -9, max: 9 }),
        }),
        { maxLength: 2 },
      ),
      score: fc.oneof(scalar, fc.constantFrom(2.5, 1e3)),
      selftext: text,
      subreddit: fc.constantFrom(
        'AskReddit',
        'askreddit',
        'ASKREDDIT',
        'Jokes',
        'pics',
        null,
        7,
        'as\u212Areddit',
      ),
      title: fc.oneof(text, fc.constant(null)),
      created_utc: fc.oneof(
        fc.integer({ min: second('2013-01-30T00:00:00'), max: second('2013-03-02T00:00:00') }),
        fc.constantFrom('1360000000', '1360000000.5', null, '2013-02-03 04:05:06', 1.36e9),
      ),
      id: fc.option(fc.string({ minLength: 1, maxLength: 2 })),
      author: fc.option(text),
      edited: fc.oneof(fc.boolean(), fc.integer()),
      media: fc.option(fc.record({ subreddit: text, oembed: fc.record({ title: text }) })),
    },
    { requiredKeys: ['subreddit', 'title', 'score', 'created_utc', 'id'] },
  );
  /** A post as a line: with keys in any order, blanks, and characters escaped or not. */
  const line = fc
    .tuple(
      anyPost,
      fc.constantFrom(',', ', ', ' ,\t'),
      fc.constantFrom(':', ': ', ' :'),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
    )
    .map(([fields, comma, colon, ascii, order]) => {
      const entries = Object.entries(fields)
        .map((entry) => ({ entry, place: order.next().value as number }))
        .sort((a, b) => a.place - b.place)
        .map(({ entry: [key, value] }) => `${JSON.stringify(key)}${colon}${JSON.stringify(value)}`);
      const json = `{${entries.join(comma)}}`;
      if (!ascii) return json;
      return json.replace(
        /[^\x20-\x7e]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
    });

  test('on any lines, in any order of keys: what DuckDB says', async () => {
    const months = fc.constantFrom(undefined, '2013-01', '2013-02', '2013-03');
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 60 }),
        months,
        months,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('\n', '\r\n', '\n\n'),
        async (lines, from, to, limit, end) => {
          const query = question({ from, to, limit, minLength: 3, subreddits: ['AskReddit', 'jokes'] });
          const path = file(others + lines.map((one) => `${one}${end}`).join(''));
          const expected = await titlesByDuckdb([path], query);
          const titles: string[] = [];
          const source = await openDumpSource([path]);
          try {
            for await (const { title } of source.rows(query, silentContext)) titles.push(title);
          } catch (error) {
            expect(String(error)).toMatch(/r\/(askreddit|jokes)/);
          }
          expect(titles).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a limit far below the number of posts, with equal ids and scores', async () => {
    const posts = Array.from({ length: 9000 }, (_, index): Post => {
      const score = (index * 7919) % 997;
      return post(`A title, the ${index}th`, { score, id: `x${index % 3000}` });
    });
    for (const limit of [1, 50, 2999, 3500]) {
      const query = question({ limit });
      const path = file(ndjson(posts));
      expect(await titlesOf(await openDumpSource([path]), query)).toEqual(expectedTitles(posts, query));
    }
  });

  test('a post that stands in two dumps counts once, with its best score', async () => {
    const twice = post('It was scraped twice', { id: 'same', score: 3 });
    const other = post('It stands between', { id: 'other', score: 5 });
    const paths = [[twice, other], [{ ...twice, score: 7 }]].map((posts) => file(ndjson(posts)));
    const rows = await collect((await openDumpSource(paths)).rows(question({}), silentContext));
    expect(rows.map(({ title, score }) => [title, score])).toEqual([
      ['It was scraped twice', 7],
      ['It stands between', 5],
    ]);
  });
});

describe('faulty lines', () => {
  const good = JSON.stringify(post('A good title', { id: 'good' }));
  const of = (fault: string | Uint8Array): Uint8Array =>
    Buffer.concat([Buffer.from(`${others}${good}\n`), Buffer.from(fault), Buffer.from('\n')]);

  test.each<[string, string | Uint8Array, string]>([
    ['cut in the middle', good.slice(0, 40), 'cut short'],
    ['cut behind an inner brace', `{"media":{},"subreddit":"AskReddit","title":{}`, 'not JSON'],
    ['no JSON at all', 'it was not found', 'not a JSON object'],
    ['a list', '[1]', 'not a JSON object'],
    ['broken inside', good.replace('"title":', '"title"'), 'not JSON'],
    ['half a surrogate pair', good.replace('A good', '\\ud83d'), 'half a surrogate pair'],
    ['not UTF-8', Buffer.from(good.replace('A good', 'Ü'), 'latin1'), 'not UTF-8'],
    ['longer than any post', `{"a":"${'x'.repeat(2 ** 24)}"}`, 'longer than 16 MiB'],
  ])('%s: counted, shown with file and line; --strict fails', async (_name, fault, why) => {
    const { titles, warnings } = await read(of(fault));
    expect(titles).toEqual(['A good title']);
    expect(warnings).toEqual([`1 line that is no post was left out: ${serial}.ndjson line 152 (${why})`]);
    expect(await failureLine(() => read(of(fault), question({}), true))).toContain(
      `${serial}.ndjson, line 152: ${why}. Mend it`,
    );
  });

  test('many: the first three, and how many more', async () => {
    const { warnings } = await read(`${good}\n${'{"title":\n'.repeat(20)}\n\n`);
    const shown = [2, 3, 4].map((line) => `${serial}.ndjson line ${line} (cut short)`).join(', ');
    expect(warnings).toEqual([`20 lines that are no posts were left out: ${shown} and 17 more`]);
  });

  test('posts without title or subreddit, blank lines and a byte order mark are no faults', async () => {
    const lines = ['{"title":null,"subreddit":"AskReddit","score":1}', '{"title":"No subreddit","score":2}'];
    const { titles, warnings } = await read(`\uFEFF${[...lines, '  ', good].join('\r\n')}`);
    expect(titles).toEqual(['A good title']);
    expect(warnings).toEqual([]);
  });

  test('a dump of comments', async () => {
    const comments = ndjson([{ body: 'A comment', subreddit: 'AskReddit', score: 1 }]);
    expect(await failureLine(() => read(comments))).toMatch(/lacks title: it has body, score, subreddit/);
  });

  test('a request to stop', async () => {
    const source = await openDumpSource([file(others)]);
    const rows = source.rows(question({}), { ...silentContext, signal: { aborted: true } });
    await expect(collect(rows)).rejects.toThrow(InterruptedError);
  });
});

test('a key is found where indexOf finds it', () => {
  const search = new KeySearch('score');
  const text = fc.string({ unit: fc.constantFrom('"score"', '"', 'score', 's', 'e', ' '), maxLength: 30 });
  fc.assert(
    fc.property(text, fc.nat(60), (haystack, from) => {
      const bytes = Buffer.from(haystack);
      expect(search.next(bytes, from, bytes.length)).toBe(bytes.indexOf('"score"', from));
      const last = bytes.length - search.length;
      expect(search.previous(bytes, last, 0)).toBe(bytes.lastIndexOf('"score"'));
    }),
  );
});
