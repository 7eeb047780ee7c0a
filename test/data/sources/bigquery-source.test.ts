import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { TitlesmithError } from '../../../src/common/errors.js';
import { bigqueryError } from '../../../src/data/sources/bigquery/bigquery-errors.js';
import { openBigquerySource } from '../../../src/data/sources/bigquery/bigquery-source.js';
import { openDumpSource } from '../../../src/data/sources/dump-source.js';
import { type Emulator, findEmulator, startEmulator } from './emulator.js';
import { failureLine, ndjson, temporaryFolder, titlesOf, write } from './helpers.js';
import { expectedTitles, hostilePosts, type Post, post, question, questions, second } from './posts.js';

const folder = temporaryFolder();
const program = findEmulator();
if (program === undefined) {
  console.warn('No BigQuery emulator: its tests are skipped. Install it with .ci/install-test-tools.');
}

describe.skipIf(program === undefined)('against the emulator', () => {
  const manyPosts: readonly Post[] = Array.from({ length: 6000 }, (_, index) =>
    post(`One of very many titles, number ${index}`, { subreddit: 'many', score: index % 1000 }),
  );
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await startEmulator(program ?? '');
    vi.stubEnv('BIGQUERY_EMULATOR_HOST', emulator.address);
    await emulator.load([...hostilePosts, ...manyPosts]);
  });

  afterAll(() => {
    emulator.stop();
    vi.unstubAllEnvs();
  });

  test.each(questions)('%s: the titles of plain code, and of DuckDB', async (_name, query) => {
    const titles = await titlesOf(openBigquerySource({ project: 'fh-bigquery' }), query);
    expect(titles).toEqual(expectedTitles(hostilePosts, query));
    const file = write(folder, 'posts.ndjson', ndjson(hostilePosts));
    expect(titles).toEqual(await titlesOf(await openDumpSource([file]), query));
  });

  test('random hostile posts: the titles of plain code, and of dumps', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 9 }),
      fc.constantFrom('&amp;lt;', '&gt; &LT; \uFFFD', "'; --", '\\u0041', '\u2028 \u200B', '"@min_length"'),
    );
    const month = fc.integer({ min: second('2013-01-30T00:00:00'), max: second('2013-03-02T00:00:00') });
    const anyPost = fc.record({
      title: fc.option(fc.array(text, { maxLength: 3 }).map((parts) => parts.join(''))),
      score: fc.option(fc.integer({ min: -2, max: 2 })),
      created_utc: month,
      id: fc.option(fc.string({ minLength: 1, maxLength: 1 })),
      isShouted: fc.boolean(),
    });
    const months = fc.constantFrom(undefined, '2013-01', '2013-02', '2013-03');
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyPost, { minLength: 5, maxLength: 40 }),
        months,
        fc.integer({ min: 1, max: 6 }),
        async (drawn, from, limit) => {
          run += 1;
          const name = `Random_${run}`;
          const posts = drawn.map(({ isShouted, ...post }): Post => {
            return { ...post, subreddit: isShouted ? name.toUpperCase() : name };
          });
          const query = question({ subreddits: [name], from, limit, minLength: 2 });
          const expected = expectedTitles(posts, query);
          fc.pre(expected.length > 0);
          await emulator.load(posts);
          expect(await titlesOf(openBigquerySource({ project: 'fh-bigquery' }), query)).toEqual(expected);
          const dump = await openDumpSource([write(folder, `random-${run}.ndjson`, ndjson(posts))]);
          expect(await titlesOf(dump, query)).toEqual(expected);
        },
      ),
      { numRuns: 10 },
    );
  });

  test('more rows than a page holds', async () => {
    const query = question({ subreddits: ['many'] });
    const titles = await titlesOf(openBigquerySource({ project: 'fh-bigquery' }), query);
    expect(titles).toEqual(expectedTitles(manyPosts, query));
  });

  test('an unknown subreddit, months without tables, a dataset that is not there', async () => {
    const ask = (query = question({}), dataset?: string) =>
      failureLine(() => titlesOf(openBigquerySource({ project: 'fh-bigquery', dataset }), query));
    expect(await ask(question({ subreddits: ['askredit'] }))).toMatch(/r\/askredit has no title/);
    expect(await ask(question({ from: '2020-01', to: '2020-02' }))).toMatch(/from 2020-01 to 2020-02/);
    expect(await ask(question({}), 'fh-bigquery.nosuch')).toMatch(/^BigQuery .*--source duckdb/);
  });
});

describe('without an emulator', () => {
  afterEach(() => void vi.unstubAllEnvs());

  test('without credentials, one line says what to do', async () => {
    vi.stubEnv('BIGQUERY_EMULATOR_HOST', undefined);
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
    vi.stubEnv('HOME', folder);
    vi.stubEnv('CLOUDSDK_CONFIG', folder);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
    const line = await failureLine(() => titlesOf(openBigquerySource({}), question({})));
    expect(line).toMatch(/^BigQuery needs Google credentials: no Google credentials were found\./);
    expect(line).toMatch(/gcloud auth application-default login.*--source sample/);
  });

  test('credentials that name a missing file', async () => {
    vi.stubEnv('BIGQUERY_EMULATOR_HOST', undefined);
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', `${folder}/missing.json`);
    const line = await failureLine(() => titlesOf(openBigquerySource({}), question({})));
    expect(line).toMatch(/credentials: GOOGLE_APPLICATION_CREDENTIALS names a file that is not there/);
  });

  test.each([
    'fh-bigquery.reddit_posts`; DROP TABLE x; --',
    'fh-bigquery.reddit_posts.x',
    'reddit_posts',
    'UPPER-case.reddit',
    '',
  ])('%j is no dataset', (dataset) => {
    expect(() => openBigquerySource({ dataset })).toThrow(/is not a dataset/);
  });

  test('a project that is no name', () => {
    expect(() => openBigquerySource({ project: 'my project\n' })).toThrow(/--project got "my project\\n"/);
  });
});

describe('errors of BigQuery become advice', () => {
  const apiError = (message: string, code?: number | string): Error =>
    Object.assign(new Error(message), { code });

  test.each([
    [
      'Access Denied: Table fh-bigquery:reddit_posts.2019_01: User does not have permission',
      403,
      'bigquery-access',
    ],
    ['Not found: Dataset fh-bigquery:reddit_posts', 404, 'bigquery-place'],
    ['fh-bigquery:reddit_posts.* does not match any table.', 400, 'bigquery-months'],
    ['Query exceeded limit for bytes billed: 10. 20 or higher required.', 400, 'bigquery-cost'],
    ['Quota exceeded: Your project exceeded quota for free query bytes scanned.', 403, 'bigquery-quota'],
    ['Unable to detect a Project Id in the current environment.', undefined, 'bigquery-project'],
    ['invalid_grant: Token has been expired or revoked.', 400, 'bigquery-credentials'],
    ['Request had invalid authentication credentials.', 401, 'bigquery-credentials'],
    ['getaddrinfo ENOTFOUND bigquery.googleapis.com', 'ENOTFOUND', 'bigquery-network'],
    ['Something new\nwith a stack', 418, 'bigquery'],
    ['Backend error', 503, 'bigquery-server'],
  ])('%s', (message, code, expected) => {
    const advice = bigqueryError(apiError(message, code));
    if (!(advice instanceof TitlesmithError)) throw new Error('It is no advice.');
    expect(advice.code).toBe(expected);
    expect(advice.toLine()).toContain(message.split('\n')[0]?.replace(/\.$/, ''));
    expect(advice.toLine()).not.toContain('stack');
  });
});
