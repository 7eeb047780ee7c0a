import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProgressEvent } from '../../../src/common/progress.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { RunFolder } from '../../../src/pipeline/run/run-folder.js';
import { lockRun } from '../../../src/pipeline/run/run-lock.js';
import { beginWork } from '../../../src/pipeline/run/stage-swap.js';

let folder = '';
let events: ProgressEvent[] = [];
const listen = (event: ProgressEvent): void => void events.push(event);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'titlesmith-run-'));
  events = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The pid of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

function writeLock(owner: object): void {
  mkdirSync(join(folder, 'aww'), { recursive: true });
  writeFileSync(join(folder, 'aww/run.lock'), JSON.stringify(owner));
}

async function makeRun(): Promise<void> {
  const run = await RunFolder.openOrCreate(folder, 'aww', false, listen);
  const call = { options: { ...defaultOptions(), subreddit: ['aww'] }, decisions: {} };
  await beginWork(run.path, 'extract', false);
  const record = { startedAt: 'now', fingerprint: 'f' };
  await run.beginStage('extract', { ...record, status: 'running' }, call);
  const done = { ...record, status: 'done', outputs: {} } as const;
  await run.finishStage('extract', { record: done, call, replaces: [], startedOver: undefined });
  await run.close();
}

describe('run.json', () => {
  test('keeps options and stages from one call to the next', async () => {
    await makeRun();
    const run = await RunFolder.open(join(folder, 'aww'), listen);
    await run.close();
    expect(run.manifest.options['subreddit']).toEqual(['aww']);
    expect(run.manifest.stages.extract?.fingerprint).toBe('f');
    expect(events).toEqual([]);
  });

  test('of a newer format is refused with both versions', async () => {
    await makeRun();
    const path = join(folder, 'aww/run.json');
    const manifest = {
      ...JSON.parse(readFileSync(path, 'utf8')),
      formatVersion: 99,
      titlesmithVersion: '7.0.0',
    };
    writeFileSync(path, JSON.stringify(manifest));
    const opened = RunFolder.openOrCreate(folder, 'aww', false, listen);
    await expect(opened).rejects.toMatchObject({
      code: 'manifest-newer',
      message: expect.stringContaining('format 99'),
    });
  });

  const damages: [string, unknown][] = [
    ['no JSON', '{"formatVersion": 1,'],
    ['an array', []],
    ['no version', { name: 'x' }],
    ['an unknown stage', { stages: { lunch: {} } }],
    [
      'an output outside the folder',
      {
        stages: {
          extract: {
            status: 'done',
            startedAt: '',
            fingerprint: '',
            outputs: { '../../x': { bytes: 1, sha256: '' } },
          },
        },
      },
    ],
    ['a stage without a status', { stages: { extract: { fingerprint: 'f' } } }],
  ];
  test.each(damages)('that is damaged is refused: %s', async (_name, damage) => {
    await makeRun();
    const path = join(folder, 'aww/run.json');
    const whole = JSON.parse(readFileSync(path, 'utf8'));
    const isPart = typeof damage === 'object' && damage !== null && 'stages' in damage;
    const value = isPart ? { ...whole, ...damage } : damage;
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
    await expect(RunFolder.open(join(folder, 'aww'), listen)).rejects.toMatchObject({
      code: 'manifest-damaged',
    });
  });
});

describe('a folder', () => {
  test('that is no run folder is refused, even to overwrite', async () => {
    mkdirSync(join(folder, 'aww'));
    writeFileSync(join(folder, 'aww/thesis.txt'), 'years of work');
    for (const overwrite of [false, true]) {
      const opened = RunFolder.openOrCreate(folder, 'aww', overwrite, listen);
      await expect(opened).rejects.toMatchObject({ code: 'run-folder-foreign' });
    }
    expect(readFileSync(join(folder, 'aww/thesis.txt'), 'utf8')).toBe('years of work');
  });

  test('that a process left which was killed before it had written its first manifest is taken', async () => {
    mkdirSync(join(folder, 'aww'));
    writeFileSync(join(folder, 'aww/run.lock'), '');
    writeFileSync(join(folder, 'aww/run.json.partial'), '{"formatVersion":');
    const run = await RunFolder.openOrCreate(folder, 'aww', false, listen);
    expect(run.manifest.stages).toEqual({});
    await run.close();
  });

  test('keeps what it holds when it is to be overwritten, until stages have done so', async () => {
    await makeRun();
    writeFileSync(join(folder, 'aww/titles.csv'), 'title\r\n');
    const run = await RunFolder.openOrCreate(folder, 'aww', true, listen);
    await run.close();
    expect(run.manifest.stages.extract?.status).toBe('done');
    expect(readFileSync(join(folder, 'aww/titles.csv'), 'utf8')).toBe('title\r\n');
  });

  test('whose run.json is damaged can be overwritten', async () => {
    await makeRun();
    writeFileSync(join(folder, 'aww/run.json'), '{"formatVersion": 1,');
    const run = await RunFolder.openOrCreate(folder, 'aww', true, listen);
    await run.close();
    expect(run.manifest.stages).toEqual({});
    expect(readFileSync(join(folder, 'aww/run.json'), 'utf8')).toBe('{"formatVersion": 1,');
  });

  test('made for a run that never begins is removed again, with the folders above it', async () => {
    const run = await RunFolder.openOrCreate(join(folder, 'new/runs'), 'aww', false, listen);
    expect(existsSync(join(folder, 'new/runs/aww/run.lock'))).toBe(true);
    await run.close();
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });

  test('that cannot be made is named', async () => {
    writeFileSync(join(folder, 'file'), '');
    const opened = RunFolder.openOrCreate(join(folder, 'file'), 'aww', false, listen);
    await expect(opened).rejects.toMatchObject({ message: expect.stringContaining(join(folder, 'file')) });
  });

  test.runIf(process.platform === 'linux')('is refused where the system takes none', async () => {
    const opened = RunFolder.openOrCreate('/proc/titlesmith/runs', 'aww', false, listen);
    await expect(opened).rejects.toMatchObject({
      code: 'file-enoent',
      message: expect.stringContaining('/proc'),
    });
  });

  test('that is missing is no run', async () => {
    await expect(RunFolder.open(join(folder, 'none'), listen)).rejects.toMatchObject({
      code: 'run-folder-missing',
    });
  });
});

describe('the lock', () => {
  test('of a living process keeps others out', async () => {
    const run = await RunFolder.openOrCreate(folder, 'aww', false, listen);
    const second = RunFolder.openOrCreate(folder, 'aww', false, listen);
    await expect(second).rejects.toMatchObject({
      code: 'run-locked',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await run.close();
    await (await RunFolder.openOrCreate(folder, 'aww', false, listen)).close();
  });

  test.each([
    ['a process that has ended', () => ({ pid: deadPid(), host: hostname(), processStart: '1' })],
    [
      'an earlier process of the same pid',
      () => ({ pid: process.ppid, host: hostname(), processStart: '-1' }),
    ],
    ['a process that died while writing it', () => ({})],
  ])('of %s is taken over, aloud', async (_name, owner) => {
    if (process.platform !== 'linux' && _name.startsWith('an earlier')) return;
    writeLock(owner());
    await (await RunFolder.openOrCreate(folder, 'aww', false, listen)).close();
    expect(events).toEqual([{ kind: 'warning', message: expect.stringContaining('Taking over the lock') }]);
  });

  describe('of another machine', () => {
    const timing = { heartbeatMs: 20, watchMs: 400 };
    const elsewhere = { pid: deadPid(), host: 'elsewhere.example', processStart: '' };

    test('is respected while it is rewritten', async () => {
      writeLock(elsewhere);
      let beat = 0;
      const beating = setInterval(() => writeLock({ ...elsewhere, beat: ++beat }), 50);
      const locked = lockRun(join(folder, 'aww'), listen, timing);
      await expect(locked).rejects.toMatchObject({ message: expect.stringContaining('elsewhere.example') });
      clearInterval(beating);
    });

    test('is taken over once it is not', async () => {
      writeLock(elsewhere);
      const lock = await lockRun(join(folder, 'aww'), listen, timing);
      expect(events).toMatchObject([
        { message: expect.stringContaining('watching') },
        { message: expect.stringContaining('Taking over the lock') },
      ]);
      lock.release();
    });
  });

  test('is rewritten by its process, for other machines to see', async () => {
    writeLock({});
    rmSync(join(folder, 'aww/run.lock'));
    const lock = await lockRun(join(folder, 'aww'), listen, { heartbeatMs: 10, watchMs: 100 });
    const path = join(folder, 'aww/run.lock');
    await expect.poll(() => JSON.parse(readFileSync(path, 'utf8')).beat).toBeGreaterThan(2);
    lock.release();
    expect(existsSync(path)).toBe(false);
  });

  test('tells its holder when another process has taken it', async () => {
    writeLock({});
    rmSync(join(folder, 'aww/run.lock'));
    const lock = await lockRun(join(folder, 'aww'), listen, { heartbeatMs: 10, watchMs: 100 });
    const other = { pid: deadPid(), host: 'elsewhere.example', processStart: '', beat: 0 };
    writeLock(other);
    await expect.poll(() => lock.lost.aborted).toBe(true);
    expect(events).toEqual([{ kind: 'warning', message: expect.stringContaining('it stops here') }]);
    lock.release();
    expect(JSON.parse(readFileSync(join(folder, 'aww/run.lock'), 'utf8'))).toEqual(other);
  });
});
