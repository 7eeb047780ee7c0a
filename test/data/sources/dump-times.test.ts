import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { silentContext } from '../../../src/common/progress.js';
import { quoteText } from '../../../src/data/sources/duckdb/value-macros.js';
import { openDumpSource } from '../../../src/data/sources/dump-source.js';
import type { TitleQuery } from '../../../src/data/sources/title-source.js';
import { formatCsvRecord } from '../../../src/io/csv.js';
import { duckdb } from './duckdb-oracle.js';
import { failureLine, ndjson, temporaryFolder, write } from './helpers.js';
import { question } from './posts.js';

// Times without a zone are UTC, whatever the zone of the machine: here one that lies hours from it.
process.env['TZ'] = 'America/New_York';

const folder = temporaryFolder();
const months = ['2018-12', '2019-01', '2019-02'];
let serial = 0;

/** A created_utc as it stands in a dump. */
type Time = string | number | boolean | null;

const postOf = (created_utc: Time, index: number) => ({
  title: `Title number ${index}`,
  subreddit: 'AskReddit',
  score: 10_000 - index,
  created_utc,
  id: `p${index}`,
});

/** What a dump of posts with such times gives: for each title its month, and what is said. */
async function read(paths: string | readonly string[], query: Partial<TitleQuery> = {}, strict = false) {
  const said: string[] = [];
  const onProgress = (event: { kind: string; message?: string }): void => {
    if (event.kind === 'warning') said.push(event.message ?? '');
  };
  const titles: string[] = [];
  const source = await openDumpSource([paths].flat(), { strict });
  const rows = source.rows(question(query), { ...silentContext, onProgress });
  try {
    for await (const { title } of rows) titles.push(title);
  } catch (error) {
    if (!/has no title/.test(String(error))) throw error;
  }
  return { titles, said };
}

/** The titles of each month of a file, of all times that can be read, and how many cannot. */
async function answers(path: string) {
  const byMonth = [];
  for (const month of months) byMonth.push((await read(path, { from: month, to: month })).titles);
  const all = await read(path, { from: '1970-01', to: '2999-12' });
  const untimed = Number(/^\d+/.exec(all.said.at(-1) ?? '0'));
  return { byMonth, all: all.titles, untimed };
}

const ndjsonFile = (times: readonly Time[]): string => {
  serial += 1;
  return write(folder, `${serial}.ndjson`, ndjson(times.map(postOf)));
};

const csvFile = (times: readonly Time[]): string => {
  serial += 1;
  const records = times
    .map(postOf)
    .map((post) => formatCsvRecord(Object.values(post).map((value) => `${value ?? ''}`)));
  return write(folder, `${serial}.csv`, `title,subreddit,score,created_utc,id\r\n${records.join('')}`);
};

/** The same posts in Parquet, where created_utc is an SQL expression of the text in the CSV; `mark` is put behind title and id. */
async function parquetFile(csv: string, expression: string, mark?: string): Promise<string> {
  serial += 1;
  const path = `${folder}/${serial}.parquet`;
  await duckdb(`COPY (SELECT ${mark ? `concat(title, ' ', ${mark})` : 'title'} AS title, subreddit, score,
      ${expression} AS created_utc, ${mark ? `concat(id, ${mark})` : 'id'} AS id
    FROM read_csv('${csv}', header = true, all_varchar = true)) TO '${path}' (FORMAT parquet)`);
  return path;
}

/** A moment at the edge of a month, and how a dump may write it. */
const two = (value: number): string => String(value).padStart(2, '0');
const spelling = fc
  .record({
    edge: fc.constantFrom('2019-01-01', '2019-02-01', '2019-03-01'),
    around: fc.integer({ min: -30 * 3600, max: 30 * 3600 }),
    offset: fc.integer({ min: -14 * 60, max: 14 * 60 }),
    form: fc.nat(15),
  })
  .map(({ edge, around, offset: minutes, form }): { time: Time; second: number } => {
    const second = Date.parse(`${edge}T00:00:00Z`) / 1000 + around;
    const utc = new Date(1000 * second).toISOString();
    const [sign, hours, rest] = [
      minutes < 0 ? '-' : '+',
      Math.trunc(Math.abs(minutes) / 60),
      Math.abs(minutes) % 60,
    ];
    const local = new Date(1000 * (second + 60 * minutes)).toISOString().slice(0, 19);
    const whole = new Date(1000 * (second + (minutes < 0 ? -3600 : 3600) * hours)).toISOString().slice(0, 19);
    const minute = second - (second % 60);
    const day = second - (second % 86_400);
    const spellings: readonly { time: Time; second: number }[] = [
      { time: second, second },
      { time: `${second}`, second },
      { time: `${second}.0`, second },
      { time: second + 0.25, second },
      { time: second.toExponential(), second },
      { time: `${second.toExponential().replace('e+', 'e+0')}`, second },
      { time: utc.slice(0, 19), second },
      { time: utc.toLowerCase(), second },
      { time: utc.replace('T', ' ').replace('.000Z', ' UTC'), second },
      { time: ` ${utc.replace('T', ' ').replace('.000Z', '.123456 UTC')} `, second },
      { time: `${local}${sign}${two(hours)}:${two(rest)}`, second },
      { time: `${local.replace('T', ' ')} ${sign}${two(hours)}${two(rest)}`, second },
      { time: `${whole}.5${sign}${two(hours)}`, second },
      { time: new Date(1000 * minute).toISOString().slice(0, 16), second: minute },
      {
        time: new Date(1000 * minute).toISOString().slice(0, 16).replaceAll('-', '/').replace('T', ' '),
        second: minute,
      },
      { time: new Date(1000 * day).toISOString().slice(0, 10), second: day },
    ];
    return spellings[form]!;
  });

/** A spelling with one character changed, added or taken out: often no time, now and then another one. */
const misspelling = fc
  .record({
    from: spelling,
    at: fc.nat(24),
    take: fc.nat(1),
    put: fc.constantFrom(
      '',
      '0',
      '3',
      '9',
      '-',
      '+',
      ':',
      '.',
      ' ',
      'T',
      'Z',
      'e',
      '_',
      'x',
      '/',
      ',',
      '\u00a0',
      '２',
    ),
  })
  .map(({ from, at, take, put }) => {
    const text = String(from.time);
    return `${text.slice(0, at)}${put}${text.slice(at + take)}`;
  });

describe('every spelling of a time, in NDJSON, CSV and Parquet', () => {
  const sampled = fc.sample(spelling, { numRuns: 400, seed: 20190115 });
  const times = sampled.map(({ time }) => time);

  test('is of the month in which it lies in UTC', async () => {
    expect(new Date(1_546_300_800_000).getHours()).toBe(19);
    const expected = {
      byMonth: months.map((month) =>
        sampled.flatMap(({ second }, index) =>
          new Date(1000 * second).toISOString().startsWith(month) ? [`Title number ${index}`] : [],
        ),
      ),
      all: sampled.map((_, index) => `Title number ${index}`),
      untimed: 0,
    };
    expect(expected.byMonth.map((titles) => titles.length > 20)).toEqual([true, true, true]);
    expect(await answers(ndjsonFile(times))).toEqual(expected);
    const csv = csvFile(times);
    expect(await answers(csv)).toEqual(expected);
    expect(await answers(await parquetFile(csv, 'created_utc'))).toEqual(expected);
  });

  test('misspelt ones are kept by all readers or by none, and counted alike', async () => {
    const misspelt = fc.sample(misspelling, { numRuns: 600, seed: 20190116 });
    const expected = await answers(ndjsonFile(misspelt));
    expect(expected.untimed).toBeGreaterThan(200);
    expect(expected.all.length).toBeGreaterThan(50);
    expect(expected.all.length + expected.untimed).toBe(misspelt.length);
    expect(await answers(csvFile(misspelt))).toEqual(expected);
  });

  test('listed ones', async () => {
    const listed: readonly (readonly [Time, string | null])[] = [
      ['2019-01-15', '2019-01'],
      ['2019-01-15 12:00', '2019-01'],
      ['2019-01-15T14:00:00+02:00', '2019-01'],
      ['2019-02-01T01:00:00+0200', '2019-01'],
      ['2019-01-31 20:00:00-05', '2019-02'],
      ['2019-01-15 12:00:00 UTC', '2019-01'],
      ['2019-01-15t12:00:00z', '2019-01'],
      [1546300800.0, '2019-01'],
      ['1546300800.0', '2019-01'],
      ['1.5463008e+09', '2019-01'],
      ['1.5463008E9', '2019-01'],
      ['2019-02-30', null],
      ['2019-02-29 12:00:00', null],
      ['2019-13-01', null],
      ['2019-01-15 24:00:00', null],
      ['2019-01-15 12:60', null],
      ['2019-01-15T12:00:00+15:00', null],
      ['2019-1-5', null],
      ['15/01/2019', null],
      ['20190115', null],
      ['12019-01-15', null],
      ['0019-01-15', null],
      ['1_546_300_800', null],
      ['0x5c2aad80', null],
      ['1546300800L', null],
      [-1, null],
      [1e12, null],
      ['infinity', null],
      ['NaN', null],
      ['epoch', null],
      ['today', null],
      ['2019-01-15 12:00:00 America/New_York', null],
      ['', null],
      [null, null],
      [true, null],
    ];
    const times = listed.map(([time]) => time);
    for (const path of [ndjsonFile(times), csvFile(times)]) {
      const { byMonth, untimed } = await answers(path);
      const found = times.map((time, index): [Time, string | null] => {
        const month = months.find((_, at) => byMonth[at]?.includes(`Title number ${index}`));
        return [time, month ?? null];
      });
      expect(found).toEqual(listed);
      expect(untimed).toBe(listed.filter(([, month]) => month === null).length);
    }
  });
});

test('Parquet with types', async () => {
  const moments = [
    '2018-12-31 23:59:59',
    '2019-01-01 00:00:00',
    '2019-01-31 23:30:00',
    '2019-02-01 00:00:00',
  ];
  const csv = csvFile(moments);
  const types = [
    'created_utc::TIMESTAMP',
    'created_utc::TIMESTAMP_NS',
    'created_utc::TIMESTAMP_S',
    "timezone('UTC', created_utc::TIMESTAMP)",
    'epoch(created_utc::TIMESTAMP)::BIGINT',
    'epoch(created_utc::TIMESTAMP)::DOUBLE',
    'epoch(created_utc::TIMESTAMP)::DECIMAL(18, 2)',
    'epoch(created_utc::TIMESTAMP)::UINTEGER',
    'epoch(created_utc::TIMESTAMP)::BIGINT::VARCHAR',
    'created_utc::DATE',
  ];
  const paths: string[] = [];
  for (const type of types) paths.push(await parquetFile(csv, type, quoteText(`of ${type}`)));
  for (const [month, expected] of [
    ['2018-12', [0]],
    ['2019-01', [1, 2]],
    ['2019-02', [3]],
  ] as const) {
    const { titles, said } = await read(paths, { from: month, to: month });
    const all = types.flatMap((type) => expected.map((index) => `Title number ${index} of ${type}`));
    expect(titles.toSorted()).toEqual(all.toSorted());
    expect(said).toEqual([]);
  }
});

describe('times in another unit are refused by name, with and without months', () => {
  const second = 1_546_300_800;
  test.each([
    ['in milliseconds', second * 1000],
    ['in microseconds', second * 1e6],
    ['in nanoseconds', second * 1e9],
    ['a date written as a number', 20190115],
  ])('%s', async (unit, time) => {
    const times = Array.from({ length: 5 }, (_, index) => time + index);
    const csv = csvFile(times);
    const paths = [
      ndjsonFile(times),
      ndjsonFile(times.map(String)),
      csv,
      await parquetFile(csv, 'created_utc::BIGINT'),
      await parquetFile(csv, 'created_utc::DOUBLE'),
    ];
    for (const path of paths) {
      for (const query of [{}, { from: '2019-01' }]) {
        const line = await failureLine(() => read(path, query));
        expect(line).toContain(`created_utc of ${path} is ${unit} (`);
        expect(line).toMatch(/not in seconds since 1970\. (Divide it by 1,000|Write it as 2019-01-15)/);
      }
    }
  });

  test('a few among others are counted', async () => {
    const times = [second * 1000, second, second, second];
    for (const path of [ndjsonFile(times), csvFile(times)]) {
      const { titles, said } = await read(path, { from: '2019-01', to: '2019-01' });
      expect(titles).toHaveLength(3);
      expect(said).toHaveLength(1);
    }
  });
});

describe('posts whose time cannot be read', () => {
  const times = ['2019-01-15', '15/01/2019', null, 'soon', '16/01/2019', '17/01/2019'];
  const asked = { from: '2019-01', to: '2019-01' };

  test('are left out where months are asked for, counted and shown', async () => {
    const path = ndjsonFile(times);
    const name = `${serial}.ndjson`;
    const said = `5 posts are left out, as their created_utc is no time that can be read: ${name} line 2 ("15/01/2019"), ${name} line 3 (none), ${name} line 4 ("soon") and 2 more`;
    expect(await read(path, asked)).toEqual({ titles: ['Title number 0'], said: [said] });
    const table = await read(csvFile(times), asked);
    expect(table).toEqual({
      titles: ['Title number 0'],
      said: [
        `5 posts are left out, as their created_utc is no time that can be read: ${serial}.csv (none), ${serial}.csv ("15/01/2019"), ${serial}.csv ("16/01/2019") and 2 more`,
      ],
    });
  });

  test('are kept where they are not', async () => {
    for (const path of [ndjsonFile(times), csvFile(times)]) {
      expect(await read(path)).toEqual({
        titles: times.map((_, index) => `Title number ${index}`),
        said: [],
      });
    }
  });

  test('end the work with --strict', async () => {
    expect(await failureLine(() => read(ndjsonFile(times), asked, true))).toMatch(
      /\.ndjson line 2: created_utc of a post is no time \("15\/01\/2019"\)\. Mend it/,
    );
    expect(await failureLine(() => read(csvFile(times), asked, true))).toMatch(
      /\.csv: created_utc of a post is no time/,
    );
  });

  test('are counted also below the score that gets in, and of no other subreddit', async () => {
    const good = Array.from({ length: 3000 }, (_, index) => ({ ...postOf(1_547_000_000 + index, index) }));
    const bad = ['x', '1547000000', 1547000000].map((time, index) => ({
      ...postOf(time, 9000 + index),
      score: 0,
    }));
    const elsewhere = { ...postOf('x', 9999), subreddit: 'pics' };
    serial += 1;
    const path = write(folder, `${serial}.ndjson`, ndjson([...good, ...bad, elsewhere]));
    const { titles, said } = await read(path, { ...asked, limit: 10 });
    expect(titles).toHaveLength(10);
    expect(said).toEqual([expect.stringMatching(/^1 post is left out.* line 3001 \("x"\)$/)]);
  });
});

test('the months of a question are those of UTC', async () => {
  const path = ndjsonFile([1_546_300_799, 1_546_300_800]);
  const rows = await collect(
    (await openDumpSource([path])).rows(question({ from: '2019-01' }), silentContext),
  );
  expect(rows.map(({ title }) => title)).toEqual(['Title number 1']);
});
