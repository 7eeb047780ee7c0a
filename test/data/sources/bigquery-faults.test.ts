import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { InterruptedError, TitlesmithError } from '../../../src/common/errors.js';
import { type ProgressEvent, silentContext } from '../../../src/common/progress.js';
import { extractTitles } from '../../../src/data/extract.js';
import { bigqueryCost, openBigquerySource } from '../../../src/data/sources/bigquery/bigquery-source.js';
import { readTitles } from '../../../src/data/titles-file.js';
import { type Fault, type FaultServer, startFaultServer, titleOfRow } from './fault-server.js';
import { failureLine, temporaryFolder } from './helpers.js';
import { question } from './posts.js';

let server: FaultServer | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
});

/** A server of so many rows with faults, and the source that asks it. */
async function serve(
  rows: number,
  faults: Readonly<Record<string, Fault[]>> = {},
  { bytes = 30e9, claimedRows = rows, maximumBytesBilled = 100e9, attempts = 4, timeoutMs = 60_000 } = {},
) {
  server = await startFaultServer({ rows, bytes, claimedRows });
  for (const [asked, list] of Object.entries(faults)) server.faults.set(asked, [...list]);
  vi.stubEnv('BIGQUERY_EMULATOR_HOST', server.address);
  const retry = { attempts, firstPauseMs: 0, timeoutMs };
  const options = { project: 'project', location: 'US', maximumBytesBilled, retry };
  return { server, options, source: openBigquerySource(options) };
}

const expected = (rows: number): string[] => Array.from({ length: rows }, (_, index) => titleOfRow(index));
const unavailable: Fault = { kind: 'status', status: 503, reason: 'backendError', message: 'Try again' };
const passing: readonly (readonly [string, Fault])[] = [
  ['500', { ...unavailable, status: 500, reason: 'internalError' }],
  ['503', unavailable],
  ['429', { ...unavailable, status: 429, reason: 'rateLimitExceeded' }],
  ['403 of a rate limit', { ...unavailable, status: 403, reason: 'jobRateLimitExceeded' }],
  ['a reset', { kind: 'reset' }],
  ['an answer cut in the middle', { kind: 'cut' }],
  ['malformed JSON', { kind: 'malformed' }],
];

describe('what passes by itself', () => {
  test.each(passing)('%s, at every step: every row once', async (_name, fault) => {
    const steps = ['dry run', 'insert', 'page 0', 'page 5000', 'page 10000'];
    const { source, server } = await serve(
      12_345,
      Object.fromEntries(steps.map((step) => [step, [fault, fault]])),
    );
    const rows = await collect(source.rows(question({}), silentContext));
    expect(rows.map(({ title }) => title)).toEqual(expected(12_345));
    for (const step of steps) expect(server.log.filter((asked) => asked === step)).toHaveLength(3);
  });

  test('a job whose insertion was not confirmed is found, not paid twice', async () => {
    const { source, server } = await serve(3, { insert: [{ kind: 'lost' }] });
    expect(await collect(source.rows(question({}), silentContext))).toHaveLength(3);
    expect(server.log).toEqual(['dry run', 'insert', 'insert', 'get', 'page 0']);
  });

  test('a job that still runs is asked again', async () => {
    const { source, server } = await serve(3, { 'page 0': [{ kind: 'running' }, { kind: 'running' }] });
    expect(await collect(source.rows(question({}), silentContext))).toHaveLength(3);
    expect(server.log.filter((asked) => asked === 'page 0')).toHaveLength(3);
  });

  test('not for ever: what lasts ends in one line', async () => {
    const { source, server } = await serve(3, { 'page 0': Array(9).fill({ kind: 'reset' }) });
    const line = await failureLine(() => collect(source.rows(question({}), silentContext)));
    expect(line).toMatch(/^BigQuery cannot be reached .*--source duckdb/);
    expect(server.log.filter((asked) => asked === 'page 0')).toHaveLength(4);
  });
});

describe('slow pages', () => {
  test.each(['nothing', 'half'] as const)(
    'are waited for, after %s of them: every row once',
    async (after) => {
      const { source, server } = await serve(12_000, { 'page 5000': [{ kind: 'held', after }] });
      const held = server.holding();
      const rows = collect(source.rows(question({}), silentContext));
      await held;
      expect(server.log).toEqual(['dry run', 'insert', 'page 0', 'page 5000']);
      server.release();
      expect((await rows).map(({ title }) => title)).toEqual(expected(12_000));
      expect(server.log).toEqual(['dry run', 'insert', 'page 0', 'page 5000', 'page 10000']);
    },
  );

  test.each(['nothing', 'half'] as const)(
    'that never come, after %s of them, are asked for again',
    async (after) => {
      const fault: Fault = { kind: 'held', after };
      const faults = { 'dry run': [fault], insert: [fault], 'page 0': [fault] };
      const { source, server } = await serve(3, faults, { attempts: 100, timeoutMs: 1000 });
      const rows = await collect(source.rows(question({}), silentContext));
      expect(rows.map(({ title }) => title)).toEqual(expected(3));
      // On a busy machine an answer may be late too, and is asked for once more.
      const times = (step: string): number => server.log.filter((asked) => asked === step).length;
      for (const step of ['dry run', 'insert', 'page 0']) expect(times(step)).toBeGreaterThanOrEqual(2);
      expect([...new Set(server.log)]).toEqual(['dry run', 'insert', 'get', 'page 0']);
    },
  );

  test('do not keep from stopping, and the job is cancelled', async () => {
    const { source, server } = await serve(12_000, { 'page 5000': [{ kind: 'held', after: 'half' }] });
    let stops = false;
    void server.holding().then(() => {
      stops = true;
    });
    const signal = {
      get aborted() {
        return stops;
      },
    };
    const rows = collect(source.rows(question({}), { ...silentContext, signal }));
    await expect(rows).rejects.toThrow(InterruptedError);
    expect(server.log).toEqual(['dry run', 'insert', 'page 0', 'page 5000', 'cancel']);
  });
});

describe('titles.csv', () => {
  const folder = temporaryFolder();
  let run = 0;
  const extract = async (faults: Readonly<Record<string, Fault[]>>) => {
    const { source } = await serve(12_345, faults);
    run += 1;
    const titlesPath = join(folder, `titles-${run}.csv`);
    const paths = { titlesPath, droppedPath: join(folder, `dropped-${run}.csv`) };
    const work = extractTitles({ source, query: question({}), minLength: 8, ...paths }, silentContext);
    return { titlesPath, work };
  };

  test.each(passing)('after %s in the middle of paging: neither short nor doubled', async (_name, fault) => {
    const pages = { 'page 5000': [fault, fault, fault], 'page 10000': [fault] };
    const { titlesPath, work } = await extract(pages);
    expect(await work).toMatchObject({ extracted: 12_345, kept: 12_345 });
    expect(await collect(readTitles(titlesPath))).toEqual(expected(12_345));
  });

  test.each(passing)('is not there after %s that lasts', async (_name, fault) => {
    const { work } = await extract({ 'page 10000': [fault, fault, fault, fault] });
    await failureLine(() => work);
    expect(readdirSync(folder).filter((name) => name.includes(`-${run}.`))).toEqual([]);
  });
});

describe('what does not', () => {
  const refused = (status: number, reason: string, message: string): Fault => ({
    kind: 'status',
    status,
    reason,
    message,
  });

  test.each<[string, Fault, string, RegExp]>([
    [
      'access denied on the public dataset',
      refused(
        403,
        'accessDenied',
        'Access Denied: Table fh-bigquery:reddit_posts.2019_01: Permission denied',
      ),
      'bigquery-access',
      /read dumps of posts instead: --source duckdb --input RS_\*\.zst/,
    ],
    [
      'no such table',
      refused(404, 'notFound', 'Not found: Table x:y.2019_01'),
      'bigquery-months',
      /--from and --to/,
    ],
    [
      'months without tables',
      refused(400, 'invalid', 'fh-bigquery:reddit_posts.* does not match any table.'),
      'bigquery-months',
      /begin with 2015-12: check --from and --to/,
    ],
    ['quota', refused(403, 'quotaExceeded', 'Quota exceeded'), 'bigquery-quota', /another --project/],
    [
      'billing',
      refused(403, 'billingNotEnabled', 'Billing has not been enabled for this project.'),
      'bigquery-billing',
      /Enable it/,
    ],
    [
      'cap',
      refused(400, 'bytesBilledLimitExceeded', 'Query exceeded limit for bytes billed'),
      'bigquery-cost',
      /dumps/,
    ],
    [
      'cancelled',
      refused(400, 'stopped', 'Job execution was cancelled: User requested'),
      'bigquery-cancelled',
      /again/,
    ],
    [
      'clock',
      refused(
        400,
        'invalid',
        'invalid_grant: Token must be a short-lived token: check your iat and exp values',
      ),
      'bigquery-clock',
      /Set the clock/,
    ],
    [
      'wrong region',
      refused(404, 'notFound', 'Not found: Job x in location EU'),
      'bigquery-place',
      /--location/,
    ],
  ])('%s: asked once, advice in one line', async (_name, fault, code, advice) => {
    for (const step of ['dry run', 'insert', 'page 0']) {
      const { source, server: asked } = await serve(3, { [step]: [fault] });
      const error = await collect(source.rows(question({}), silentContext)).catch(
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof TitlesmithError)) throw error;
      expect(error.code).toBe(code);
      expect(error.toLine()).toMatch(advice);
      expect(asked.log.filter((one) => one === step)).toHaveLength(1);
      await asked.close();
    }
  });

  test('fewer rows than the job has', async () => {
    const { source } = await serve(7, {}, { claimedRows: 9 });
    const line = await failureLine(() => collect(source.rows(question({}), silentContext)));
    expect(line).toMatch(/gave 7 of the 9 rows/);
  });
});

describe('cost', () => {
  test('a dry run first, then a job with bound, labels and an id, all told', async () => {
    const { source, server } = await serve(1);
    const notes: string[] = [];
    const onProgress = (event: ProgressEvent): void => {
      if (event.kind === 'note') notes.push(event.message);
    };
    await collect(source.rows(question({}), { ...silentContext, onProgress }));
    expect(server.log).toEqual(['dry run', 'insert', 'page 0']);
    expect(notes[0]).toBe('BigQuery will read 30.0 GB, $0.17 at $6.25 a TiB, the first TiB of a month free');
    expect(notes[1]).toMatch(/^BigQuery job titlesmith_[0-9a-f-]{36} in US$/);
    expect(server.lastJob()).toMatchObject({
      configuration: {
        labels: { application: 'titlesmith' },
        query: { maximumBytesBilled: String(100e9), useLegacySql: false },
      },
    });
  });

  test('beyond what is allowed nothing runs', async () => {
    const { source, server } = await serve(1, {}, { maximumBytesBilled: 10e9 });
    const line = await failureLine(() => collect(source.rows(question({}), silentContext)));
    expect(line).toMatch(
      /would read 30\.0 GB.*more than the 10\.0 GB allowed.*--max-bytes-billed 30000000000/,
    );
    expect(server.log).toEqual(['dry run']);
  });

  test('the cost alone', async () => {
    const { server, options } = await serve(1);
    expect(await bigqueryCost(question({}), options)).toBe(30e9);
    expect(server.log).toEqual(['dry run']);
  });
});

describe('page by page', () => {
  test('the next page is asked for when the rows before are taken', async () => {
    const { source, server } = await serve(20_000);
    const rows = source.rows(question({}), silentContext)[Symbol.asyncIterator]();
    for (let row = 0; row < 5000; row += 1) await rows.next();
    expect(server.log).toEqual(['dry run', 'insert', 'page 0']);
    await rows.next();
    expect(server.log.at(-1)).toBe('page 5000');
    await rows.return?.();
  });

  test('a request to stop cancels the job', async () => {
    const { source, server } = await serve(20_000);
    let taken = 0;
    const context = {
      ...silentContext,
      signal: {
        get aborted() {
          return taken > 0;
        },
      },
    };
    const work = async (): Promise<void> => {
      for await (const _ of source.rows(question({}), context)) taken += 1;
    };
    await expect(work()).rejects.toThrow(InterruptedError);
    expect(taken).toBe(5000);
    expect(server.log.at(-1)).toBe('cancel');
  });
});
