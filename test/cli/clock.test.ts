import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { lastingFiles, readBatch, smallOptions, writeDumps } from './batch-fixture.js';
import {
  atMoments,
  type Moment,
  runCli,
  type Started,
  startCli,
  temporaryFolder,
  whileStopped,
} from './run-cli.js';

const folder = temporaryFolder();
const names = ['alpha', 'bravo'];
const day = 86_400;

/** libfaketime, which shows a process another clock; TITLESMITH_FAKETIME names it where it is not in Debian's place. */
function findFaketime(): string | undefined {
  const named = process.env['TITLESMITH_FAKETIME'];
  if (named) return named;
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib') : [];
  return folders
    .map((name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`)
    .find((path) => existsSync(path));
}

const library = findFaketime();
if (!library)
  console.info(
    'Skipped: a clock that jumps. Install libfaketime, or set TITLESMITH_FAKETIME to its library.',
  );

/** Sets the clock that the processes see, to that time or less than a second after it; it goes on from there. */
function setClock(time: string): void {
  const offset = Math.ceil((Date.parse(time) - Date.now()) / 1000);
  // In one step, as the processes read it whenever they ask for the time.
  writeFileSync(join(folder, 'clock.partial'), `${offset < 0 ? '' : '+'}${offset}\n`);
  renameSync(join(folder, 'clock.partial'), join(folder, 'clock'));
}

/** Longest sleep of a batch between two looks at the clock, milliseconds. */
const longestSleepMs = 20_000;

/** Starts titlesmith, and all processes it starts, by that clock. Times that are counted, not dated, are the machine's. */
function startByClock(given: readonly string[], ...moments: readonly Moment[]): Started {
  return startCli(given, folder, {
    ...atMoments({ sleep: longestSleepMs }, ...moments),
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
    TZ: 'UTC',
  });
}

describe.skipIf(!library)('a batch whose clock jumps', () => {
  beforeAll(() => {
    writeDumps(join(folder, 'dumps'), { '2019-01': 40, '2019-02': 40, '2020-04': 10 }, names);
  });

  test('ends with the same bytes, in its time, and goes on a year later with the months it meant', async () => {
    const write = (file: string, from: string, to: string): void =>
      writeFileSync(
        join(folder, file),
        `deadline: 10m\noptions:\n${smallOptions.replace('steps: 6', 'steps: 14')}  from: ${from}\n  to: ${to}\nsubreddits:\n  - alpha\n  - bravo:\n      until: finetune\n`,
      );
    write('whole.yaml', '2019-01', '2019-02');
    expect((await runCli(['batch', 'whole.yaml', '--runs-dir', 'whole'], folder)).code).toBe(0);

    write('batch.yaml', 'now-2', 'now-1');
    setClock('2019-03-05T10:00:00Z');
    const command = ['batch', 'batch.yaml', '--runs-dir', 'jumped', '--json'] as const;
    const started = startByClock(
      command,
      { signal: 'SIGSTOP', output: /"run":"alpha","stage":"finetune".*"done":3,/ },
      { signal: 'SIGSTOP', output: /"run":"alpha","stage":"finetune".*"done":9,/ },
      { signal: 'SIGINT', output: /"run":"bravo","stage":"finetune".*"done":3,/ },
    );
    await whileStopped(started, () => setClock('2019-03-04T10:00:00Z'));
    await whileStopped(started, () => setClock('2020-03-05T10:00:00Z'));
    expect((await started.finished).code).toBe(130);

    setClock('2020-05-05T10:00:00Z');
    const resumed = await startByClock([...command, '--resume']).finished;
    expect(resumed.output).toContain('going on with the batch of 2019-03-05T10:00:');
    expect(resumed.code).toBe(0);
    for (const name of names) {
      expect(lastingFiles(join(folder, 'jumped', name))).toEqual(lastingFiles(join(folder, 'whole', name)));
    }
    const record = readBatch(join(folder, 'jumped'));
    expect(record.startedAt).toContain('2019-03-05T10:00:');
    expect(record.finishedAt).toContain('2020-05-05T10:0');
    for (const { seconds } of [record, ...record.runs]) {
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(day);
    }
  });

  test('set back, waits for the next time by the new clock, and starts no batch twice', async () => {
    const tiny = `${smallOptions}  until: dataset\nsubreddits: [alpha]\n`;
    writeFileSync(join(folder, 'weekly.yaml'), `schedule: "0 3 * * 1"\ntime-zone: UTC\noptions:\n${tiny}`);
    setClock('2027-03-08T02:00:00Z');
    const started = startByClock(['batch', 'weekly.yaml', '--runs-dir', 'weekly', '--json'], {
      signal: 'SIGSTOP',
      output: /"stage":"extract"/,
    });
    await started.outputMatches(/next batch: Monday,? 8 March 2027 at 03:00/);
    setClock('2026-03-02T02:00:00Z');
    await started.outputMatches(/the clock was set back.*\n.*next batch: Monday,? 2 March 2026 at 03:00/);
    setClock('2026-03-02T03:00:00Z');
    await whileStopped(started, () => setClock('2026-03-02T02:50:00Z'));
    await started.outputMatches(/next batch: Monday,? 9 March 2026 at 03:00/);
    started.child.kill('SIGINT');
    const ended = await started.finished;
    expect(ended.code).toBe(130);
    expect(ended.output.match(/"kind":"result"/g)).toHaveLength(1);
    expect(readBatch(join(folder, 'weekly'))).toMatchObject({ runs: [{ status: 'done' }] });
  });
});
