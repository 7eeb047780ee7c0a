import { mkdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { silentContext } from '../../../src/common/progress.js';
import { openDumpSource } from '../../../src/data/sources/dump-source.js';
import { duckdb } from './duckdb-oracle.js';
import { failureLine, temporaryFolder, titlesOf, write } from './helpers.js';
import { question } from './posts.js';

const folder = temporaryFolder();

/** Titles and warnings of some files. */
async function read(paths: readonly string[], strict = false) {
  const warnings: string[] = [];
  const onProgress = (event: { kind: string; message?: string }): void => {
    if (event.kind === 'warning') warnings.push(event.message ?? '');
  };
  const source = await openDumpSource(paths, { strict });
  const rows = await collect(source.rows(question({}), { ...silentContext, onProgress }));
  return { titles: rows.map(({ title }) => title), warnings };
}

describe('CSV', () => {
  const header = 'title,subreddit,score,id';
  const faulty = [
    header,
    '"Two\nlines, quoted",AskReddit,9,a',
    'too few,AskReddit',
    'too,many,AskReddit,1,b',
    '"closed"too early,AskReddit,1,c',
    'The last title,AskReddit,8,d',
    '"never closed,AskReddit,7,e',
    '',
  ].join('\n');

  test('faulty records are counted and shown; --strict fails', async () => {
    const path = write(folder, 'faulty.csv', faulty);
    const { titles, warnings } = await read([path]);
    expect(titles).toEqual(['Two\nlines, quoted', 'The last title']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^4 lines.*faulty\.csv record 3 \(too few values\), faulty\.csv record 4 \(too many values\), .* and 1 more$/,
    );
    expect(await failureLine(() => read([path], true))).toMatch(/faulty\.csv/);
  });

  test('files of other columns in other orders, CRLF, a byte order mark, gzip', async () => {
    const paths = [
      write(folder, 'one.csv', `${header}\r\nThe first title,AskReddit,5,a\r\n`),
      write(
        folder,
        'two.csv.gz',
        gzipSync('\uFEFFid,SCORE, author ,Subreddit,Title\nb,6,x,askreddit,The second title\n'),
      ),
    ];
    expect(await read(paths)).toEqual({ titles: ['The second title', 'The first title'], warnings: [] });
  });

  test('headers with quotes, names that stand twice', async () => {
    const odd = write(
      folder,
      'odd.csv',
      `title,"it's ""odd""",x,x,,subreddit,score\nAn odd header,1,2,3,4,AskReddit,5\n`,
    );
    expect((await read([odd])).titles).toEqual(['An odd header']);
    const twice = write(folder, 'twice.csv', 'title,Title,subreddit,score\nOne title,Another,AskReddit,5\n');
    expect(await failureLine(() => read([twice]))).toMatch(/twice\.csv has two columns called title/);
  });

  test('scores that are no whole numbers are none', async () => {
    const rows = ['7.0', '6', '5.5', '', 'many', '1e400', 'nan', '-3'].map(
      (score, index) => `Score of ${score || 'nothing'},AskReddit,${score},${index}`,
    );
    const path = write(folder, 'scores.csv', [header, ...rows].join('\n'));
    const source = await openDumpSource([path]);
    const scores = (await collect(source.rows(question({}), silentContext))).map(({ score }) => score);
    expect(scores).toEqual([7, 6, -3, undefined, undefined, undefined, undefined, undefined]);
  });
});

test('folders named like a column change nothing', async () => {
  mkdirSync(`${folder}/subreddit=pics`);
  const csv = write(
    `${folder}/subreddit=pics`,
    'posts.csv',
    'title,subreddit,score\nOf its own subreddit,AskReddit,1\n',
  );
  expect((await read([csv])).titles).toEqual(['Of its own subreddit']);
  const parquet = `${folder}/subreddit=pics/posts.parquet`;
  await duckdb(`COPY (SELECT 'Of its own subreddit' AS title, 'AskReddit' AS subreddit, 1 AS score)
    TO '${parquet}' (FORMAT parquet)`);
  expect((await read([parquet])).titles).toEqual(['Of its own subreddit']);
});

test('Parquet with text written as bytes', async () => {
  const path = `${folder}/bytes.parquet`;
  await duckdb(`COPY (SELECT encode('Größe in bytes') AS title, 'AskReddit'::BLOB AS subreddit, 1 AS score, 'a'::BLOB AS id)
    TO '${path}' (FORMAT parquet)`);
  expect((await read([path])).titles).toEqual(['Größe in bytes']);
});

test('Parquet files of different columns, one of several subreddits missing', async () => {
  const [one, two] = [`${folder}/one.parquet`, `${folder}/two.parquet`];
  await duckdb(
    `COPY (SELECT 'The first title' AS title, 'AskReddit' AS subreddit, 5.0 AS score) TO '${one}' (FORMAT parquet)`,
  );
  await duckdb(`COPY (SELECT 'x' AS id, 6 AS score, 'Jokes' AS subreddit, 'The second title' AS title,
    TIMESTAMP '2013-03-01' AS created_utc) TO '${two}' (FORMAT parquet)`);
  const asked = question({ subreddits: ['jokes', 'askreddit'] });
  expect(await titlesOf(await openDumpSource([one, two]), asked)).toEqual([
    'The second title',
    'The first title',
  ]);
  const missing = question({ subreddits: ['joke', 'askreddit'] });
  expect(await failureLine(async () => titlesOf(await openDumpSource([one, two]), missing))).toMatch(
    /no r\/joke in .* It has posts of jokes, askreddit/,
  );
});
