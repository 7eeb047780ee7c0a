import { describe, expect, test } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { silentContext } from '../../../src/common/progress.js';
import { noTitles } from '../../../src/data/sources/missing-subreddits.js';
import type { TitleQuery, TitleSource } from '../../../src/data/sources/title-source.js';
import {
  accumulatingSource,
  missingRanges,
  rangesToFetch,
} from '../../../src/pipeline/run/fetched-months.js';
import { temporaryFolder } from '../../cli/run-cli.js';

const span = (from: string, to = from) => ({ from, to });

describe('months that are missing', () => {
  test.each([
    ['none kept', [], [span('2018-11', '2019-02')]],
    ['all kept', [span('2018-01', '2019-12')], []],
    ['a later end', [span('2018-11', '2018-12')], [span('2019-01', '2019-02')]],
    ['a hole', [span('2018-11'), span('2019-02')], [span('2018-12', '2019-01')]],
    ['both ends', [span('2018-12', '2019-01')], [span('2018-11'), span('2019-02')]],
  ])('with %s', (_name, kept, expected) => {
    expect(missingRanges(span('2018-11', '2019-02'), kept)).toEqual(expected);
  });
});

/** A source of one title a month and score; it says what it was asked. */
function monthly(asked: string[]): TitleSource {
  return {
    name: 'duckdb',
    describe: () => 'made up',
    fingerprint: async () => '',
    async *rows({ from, to }: TitleQuery) {
      asked.push(`${from} ${to}`);
      if (from === '2019-03') throw noTitles('aww', 'made up', { ...query(), from, to });
      for (const score of [9, 5, 5, 1]) yield { title: `from ${from}, score ${score}`, score };
    },
  };
}

function query(from = '2019-01', to = '2019-01'): TitleQuery {
  return { subreddits: ['aww'], from, to, limit: 100, minLength: 1 };
}

describe('a source that adds months', () => {
  const folder = temporaryFolder();
  const asked: string[] = [];
  const titles = async (from: string, to: string) =>
    (await collect(accumulatingSource(monthly(asked), folder).rows(query(from, to), silentContext))).map(
      ({ title }) => title,
    );

  test('asks for each month once, and gives all of them by score, earlier months first', async () => {
    expect(await titles('2019-01', '2019-01')).toHaveLength(4);
    expect(await titles('2019-01', '2019-02')).toEqual([
      'from 2019-01, score 9',
      'from 2019-02, score 9',
      'from 2019-01, score 5',
      'from 2019-01, score 5',
      'from 2019-02, score 5',
      'from 2019-02, score 5',
      'from 2019-01, score 1',
      'from 2019-02, score 1',
    ]);
    expect(asked).toEqual(['2019-01 2019-01', '2019-02 2019-02']);
    expect(await rangesToFetch(folder, span('2019-01', '2019-04'))).toEqual([span('2019-03', '2019-04')]);
  });

  test('takes a month without a title for what it is, where there are others', async () => {
    expect(await titles('2019-02', '2019-03')).toHaveLength(8);
    await expect(
      collect(
        accumulatingSource(monthly([]), `${folder}/other`).rows(query('2019-03', '2019-03'), silentContext),
      ),
    ).rejects.toMatchObject({ code: 'no-titles' });
  });

  test('asks again for a month that was not over', async () => {
    const now = new Date().toISOString().slice(0, 7);
    asked.length = 0;
    await titles(now, now);
    await titles(now, now);
    expect(asked).toEqual([`${now} ${now}`, `${now} ${now}`]);
  });
});
