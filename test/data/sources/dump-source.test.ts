import { rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { silentContext } from '../../../src/common/progress.js';
import { openDumpSource } from '../../../src/data/sources/dump-source.js';
import { block } from '../../io/zstd-block-files.js';
import { duckdb } from './duckdb-oracle.js';
import { failureLine, ndjson, temporaryFolder, titlesOf, write } from './helpers.js';
import {
  expectedTitles,
  hostilePosts,
  monthOf,
  type Post,
  post,
  question,
  questions,
  second,
} from './posts.js';

const folder = temporaryFolder();
const hostileFile = write(folder, 'hostile.ndjson', ndjson(hostilePosts));

describe('the query gives the titles that plain code gives', () => {
  test.each(questions)('%s', async (_name, query) => {
    const expected = expectedTitles(hostilePosts, query);
    expect(expected.length).toBeGreaterThan(0);
    expect(await titlesOf(await openDumpSource([hostileFile]), query)).toEqual(expected);
  });

  test('random posts', async () => {
    const anyPost: fc.Arbitrary<Post> = fc.record({
      title: fc.option(fc.string({ unit: 'grapheme', maxLength: 12 })),
      subreddit: fc.constantFrom('AskReddit', 'askreddit', 'Jokes', null),
      score: fc.option(fc.integer({ min: -2, max: 2 })),
      created_utc: fc.integer({ min: second('2013-01-30T00:00:00'), max: second('2013-03-02T00:00:00') }),
      id: fc.option(fc.string({ minLength: 1, maxLength: 2 })),
    });
    const months = fc.constantFrom(undefined, '2013-01', '2013-02', '2013-03');
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyPost, { maxLength: 40 }),
        months,
        months,
        fc.integer({ min: 1, max: 5 }),
        async (posts, from, to, limit) => {
          const query = question({ from, to, limit, minLength: 3 });
          const expected = expectedTitles(posts, query);
          run += 1;
          const source = await openDumpSource([write(folder, `random-${run}.ndjson`, ndjson(posts))]);
          if (expected.length === 0) await expect(titlesOf(source, query)).rejects.toThrow(/r\/askreddit/);
          else expect(await titlesOf(source, query)).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a row carries subreddit, score and id as they are', async () => {
    const file = write(folder, 'row.ndjson', ndjson([post('What is a row?', { score: 7, id: 'abc' })]));
    const rows = await collect((await openDumpSource([file])).rows(question({}), silentContext));
    expect(rows).toEqual([{ title: 'What is a row?', subreddit: 'AskReddit', score: 7, id: 'abc' }]);
  });
});

describe('formats', () => {
  const query = question({ from: '2013-03', to: '2013-03' });
  const plain = hostilePosts.filter(({ title }) => title !== null && !title.includes('\r'));
  const expected = expectedTitles(plain, query);
  const source = write(folder, 'plain.ndjson', ndjson(plain));
  const table = `read_json('${source}', format = 'newline_delimited', columns = {title: 'VARCHAR',
    subreddit: 'VARCHAR', score: 'BIGINT', created_utc: 'BIGINT', id: 'VARCHAR', over_18: 'BOOLEAN'})`;

  test.each([
    ['a.ndjson.zst', '(FORMAT json, COMPRESSION zstd)'],
    ['RS_2013-03.zst', '(FORMAT json, COMPRESSION zstd)'],
    ['a.jsonl.gz', '(FORMAT json, COMPRESSION gzip)'],
    ['a.csv', '(FORMAT csv)'],
    ['a.csv.gz', '(FORMAT csv, COMPRESSION gzip)'],
    ['a.parquet', '(FORMAT parquet)'],
  ])('%s', async (name, options) => {
    const path = `${folder}/${name}`;
    await duckdb(`COPY (SELECT * FROM ${table}) TO '${path}' ${options}`);
    expect(await titlesOf(await openDumpSource([path]), query)).toEqual(expected);
  });

  test('.zst_blocks of Arctic Shift, whatever they are called; faulty rows are counted', async () => {
    const rows = plain.map((one) => JSON.stringify(one));
    const half = Math.floor(rows.length / 2);
    const content = Buffer.concat([block(rows.slice(0, half)), block(['{"title":', ...rows.slice(half)])]);
    for (const name of ['RS_2013-03.zst_blocks', 'RS_2013-03.zst', 'renamed.ndjson']) {
      const said: string[] = [];
      const onProgress = (event: { kind: string; message?: string }): void => {
        if (event.kind === 'warning') said.push(event.message ?? '');
      };
      const path = write(folder, name, content);
      const found = (await openDumpSource([path])).rows(query, { ...silentContext, onProgress });
      expect((await collect(found)).map(({ title }) => title)).toEqual(expected);
      expect(said).toEqual([`1 line that is no post was left out: ${name} line ${half + 1} (cut short)`]);
    }
  });

  test('numbers written as text, with decimals, or as times', async () => {
    const times: unknown[] = [1363348800, '1363348800', 1363348800.0, '1363348800.0', '2013-03-15 12:00:00'];
    const rows = times.map((created_utc, index) => ({
      ...post(`Time number ${index}`, { score: 90 - index }),
      score: `${90 - index}`,
      created_utc,
    }));
    const file = write(folder, 'times.ndjson', ndjson(rows));
    expect(await titlesOf(await openDumpSource([file]), query)).toHaveLength(times.length);
    const path = `${folder}/times.parquet`;
    await duckdb(`COPY (SELECT title, subreddit, score, CAST(created_utc AS TIMESTAMP) AS created_utc, id
      FROM (VALUES ('Parquet time', 'askreddit', 1, '2013-03-31 23:59:59', 'x'),
        ('Parquet time too late', 'askreddit', 1, '2013-04-01 00:00:00', 'y')
      ) AS post(title, subreddit, score, created_utc, id)) TO '${path}' (FORMAT parquet)`);
    expect(await titlesOf(await openDumpSource([path]), query)).toEqual(['Parquet time']);
  });

  test('other columns are not looked at, missing ids are no obstacle', async () => {
    const rows = [
      { selftext: { not: ['a', 'post'] }, title: 'No id, no time', subreddit: 'AskReddit', score: 1 },
    ];
    const file = write(folder, 'few.ndjson', ndjson(rows));
    expect(await titlesOf(await openDumpSource([file]), question({}))).toEqual(['No id, no time']);
    const csv = write(folder, 'few.csv', 'subreddit,score,TITLE\r\nAskReddit,5,"A title, quoted"\r\n');
    expect(await titlesOf(await openDumpSource([csv]), question({}))).toEqual(['A title, quoted']);
  });
});

describe('files', () => {
  const byMonth = new Map<string, Post[]>();
  for (const one of hostilePosts) byMonth.set(monthOf(one), [...(byMonth.get(monthOf(one)) ?? []), one]);
  const files = [...byMonth].map(([month, posts]) =>
    write(folder, `RS_${month}.ndjson.gz`, gzipSync(ndjson(posts))),
  );
  const all = expectedTitles(hostilePosts, question({}));

  test('several files, in any order, and a pattern give what one file gives', async () => {
    expect(await titlesOf(await openDumpSource(files.toReversed()), question({}))).toEqual(all);
    expect(await titlesOf(await openDumpSource([`${folder}/RS_*.ndjson.gz`]), question({}))).toEqual(all);
    const twice = await openDumpSource([`${folder}/RS_*.ndjson.gz`, ...files]);
    expect(await titlesOf(twice, question({}))).toEqual(all);
  });

  test('a name with pattern characters is that file and no other', async () => {
    write(folder, 'posts1.ndjson', ndjson([post('Not asked for')]));
    const file = write(folder, `posts[1]'.ndjson`, ndjson([post('Asked for')]));
    expect(await titlesOf(await openDumpSource([file]), question({}))).toEqual(['Asked for']);
  });

  test('the fingerprint follows the content and the name, not the folder', async () => {
    const [first, other] = [temporaryFolder(), temporaryFolder()];
    const print = async (place: string, name: string, content: string): Promise<string> =>
      (await openDumpSource([write(place, name, content)])).fingerprint();
    const here = await print(first, 'a.ndjson', 'x');
    expect(await print(other, 'a.ndjson', 'x')).toBe(here);
    expect(await print(other, 'a.ndjson', 'y')).not.toBe(here);
    expect(await print(other, 'b.ndjson', 'x')).not.toBe(here);
  });

  test('a file that vanishes before its fingerprint is taken', async () => {
    const file = write(folder, 'fleeting.ndjson', '');
    const source = await openDumpSource([file]);
    rmSync(file);
    expect(await failureLine(() => source.fingerprint())).toMatch(/fleeting\.ndjson: no such file/);
  });

  test('the description names files without their folders', async () => {
    const description = (await openDumpSource([hostileFile])).describe();
    expect(description).toContain('hostile.ndjson');
    expect(description).not.toContain(folder);
  });
});

describe('what cannot be read ends in one line', () => {
  const asked = (path: string, query = question({})) =>
    failureLine(async () => titlesOf(await openDumpSource([path]), query));
  const binary = Uint8Array.from({ length: 4096 }, (_, index) => (index * 151) % 256);

  test.each([
    ['no such file', () => `${folder}/missing.ndjson`, /missing\.ndjson: no such file/],
    ['nothing matches', () => `${folder}/nothing-*.gz`, /No file matches .*nothing-\*\.gz/],
    ['a folder', () => folder, /it is a folder.*\.ndjson.*\.gz/],
    ['a binary file', () => write(folder, 'binary.ndjson', binary), /binary\.ndjson.*one JSON object a line/],
    [
      'not gzip',
      () => write(folder, 'not.ndjson.gz', 'x'.repeat(99)),
      /not\.ndjson\.gz: it is not a gzip file/,
    ],
    ['not zstd', () => write(folder, 'not.zst', 'x'.repeat(99)), /not\.zst.*format/],
    [
      'not zst_blocks',
      () => write(folder, 'not.zst_blocks', 'x'.repeat(99)),
      /not\.zst_blocks: it is not a zst_blocks file/,
    ],
    [
      'zst_blocks cut short',
      () => write(folder, 'cut.zst_blocks', block(['{}', '{}']).subarray(0, 30)),
      /cut\.zst_blocks: it is cut short in block 1/,
    ],
    ['not Parquet', () => write(folder, 'not.parquet', 'x'.repeat(99)), /not\.parquet.*format/],
    ['an archive', () => write(folder, 'a.ndjson.bz2', 'x'), /a\.ndjson\.bz2: only \.gz and \.zst/],
    [
      'no JSON at all',
      () => write(folder, 'broken.ndjson', '{"title":"a"\n[1]\n'),
      /broken\.ndjson: none of its lines is a JSON object/,
    ],
    [
      'missing columns',
      () => write(folder, 'columns.csv', 'title,body\na,b\n'),
      /lacks subreddit, score: it has body, title/,
    ],
    ['an empty file', () => write(folder, 'empty.ndjson', ''), /empty\.ndjson.*no posts at all/],
  ])('%s', async (_name, make, pattern) => {
    expect(await asked(make())).toMatch(pattern);
  });

  test('months without created_utc', async () => {
    const file = write(folder, 'untimed.csv', 'title,subreddit,score\nA title here,AskReddit,1\n');
    expect(await asked(file, question({ from: '2013-01' }))).toMatch(/lacks created_utc/);
  });

  test('formats mixed, or no file named', async () => {
    const other = write(folder, 'other.csv', 'title\n');
    expect(await failureLine(() => openDumpSource([hostileFile, other]))).toMatch(
      /mixes formats.*other\.csv is csv/,
    );
    expect(await failureLine(() => openDumpSource([]))).toMatch(/--input/);
  });
});

describe('an unknown subreddit', () => {
  test('like spellings first, then those with most posts', async () => {
    const many = (subreddit: string, count: number): Post[] =>
      Array.from({ length: count }, () => post('A title', { subreddit }));
    const posts = [...many('pics', 30), ...many('funny', 20), ...many('AskReddit', 2), ...many('news', 25)];
    const file = write(folder, 'known.ndjson', ndjson(posts));
    const line = await failureLine(async () =>
      titlesOf(await openDumpSource([file]), question({ subreddits: ['askredit'] })),
    );
    expect(line).toBe(
      'There is no r/askredit in known.ndjson. It has posts of askreddit, pics, news, funny.',
    );
  });

  test('at most ten names; one of several subreddits missing is named', async () => {
    const posts = Array.from({ length: 15 }, (_, index) =>
      post('A long title', { subreddit: `place${index}` }),
    );
    const file = write(folder, 'places.ndjson', ndjson(posts));
    const line = await failureLine(async () =>
      titlesOf(await openDumpSource([file]), question({ subreddits: ['place3', 'elsewhere'] })),
    );
    expect(line).toMatch(/no r\/elsewhere/);
    expect(line.match(/place\d+/g)).toHaveLength(10);
  });

  test('a known one without titles in the months is told apart', async () => {
    const asked = question({ from: '2012-01', to: '2012-02' });
    const line = await failureLine(async () => titlesOf(await openDumpSource([hostileFile]), asked));
    expect(line).toMatch(/r\/askreddit has no title of 8 characters or more from 2012-01 to 2012-02/);
  });

  test('no subreddit named at all', async () => {
    const asked = question({ subreddits: [] });
    const line = await failureLine(async () => titlesOf(await openDumpSource([hostileFile]), asked));
    expect(line).toMatch(/--subreddit/);
  });
});
