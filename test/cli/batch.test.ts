import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { lockRun } from '../../src/pipeline/run/run-lock.js';
import { lastingFiles, patience, readBatch, smallOptions, writeDumps } from './batch-fixture.js';
import { atMoments, lastLine, runCli, startCli, temporaryFolder, whileStopped } from './run-cli.js';

const folder = temporaryFolder();
const names = ['alpha', 'bravo'];

function write(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

const subreddits = 'subreddits:\n  - alpha\n  - bravo:\n      steps: 8\n';

beforeAll(() => {
  writeDumps(join(folder, 'dumps'), { '2019-01': 40, '2019-02': 40 }, names);
});

describe('a batch', () => {
  test('runs each subreddit, one pass for all, a failed one beside the others; and tells', async () => {
    const bodies: string[] = [];
    let refusals = 1;
    const server = createServer((request, answer) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const status = refusals-- > 0 ? 503 : 200;
        if (status === 200) bodies.push(body);
        answer.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    write('whole.yaml', `jobs: 2\noptions:\n${smallOptions}${subreddits}  - nowhere\n`);
    const done = await runCli(
      ['batch', 'whole.yaml', '--runs-dir', 'whole', '--notify', `http://127.0.0.1:${port}/hook`],
      folder,
    );
    server.close();
    expect(done.errors).toContain('One pass over the source for 3 runs');
    expect(done.errors).toMatch(/^nowhere: Error: There is no r\/nowhere/m);
    expect(done.output).toMatch(/^2 of 3 runs done; failed: nowhere$/m);
    expect(done.code).toBe(1);

    const record = readBatch(join(folder, 'whole'));
    expect(record.runs.map(({ name, status }) => [name, status])).toEqual([
      ['alpha', 'done'],
      ['bravo', 'done'],
      ['nowhere', 'failed'],
    ]);
    expect(record.runs.map(({ figures }) => figures?.steps ?? null)).toEqual([6, 8, null]);
    expect(record.runs[2]?.error).toMatchObject({ message: expect.stringContaining('r/nowhere') });
    expect(record.finishedAt).not.toBeNull();
    for (const { name, report } of record.runs.slice(0, 2)) {
      expect(report).toBe(`${name}/report.html`);
      expect(existsSync(join(folder, 'whole', report!))).toBe(true);
      const log = readFileSync(join(folder, `whole/.batch/logs/${name}.log`), 'utf8');
      expect(log).toContain('skipped: nothing it depends on has changed');
    }
    const page = readFileSync(join(folder, 'whole/batch.html'), 'utf8');
    expect(page).toContain('1 of 3 runs failed');
    expect(page).toContain('href="alpha/report.html"');
    expect(bodies.map((body) => JSON.parse(body))).toEqual([
      { text: 'titlesmith whole.yaml: 2 of 3 runs done; failed: nowhere', batch: record },
    ]);
  });

  test('gives each run what the pipeline gives it alone', async () => {
    const size = smallOptions
      .trim()
      .split('\n')
      .map((line) => `--${line.trim().replace(': ', '=')}`);
    const alone = await runCli(
      ['pipeline', '--subreddit', 'bravo', ...size, '--steps', '8', '--runs-dir', 'alone'],
      folder,
    );
    expect(alone.code).toBe(0);
    expect(lastingFiles(join(folder, 'whole/bravo'))).toEqual(lastingFiles(join(folder, 'alone/bravo')));
  });

  test('begins a run as soon as it has its titles, while the pass goes on for others', async () => {
    write('begun.yaml', `jobs: 1\noptions:\n${smallOptions}${subreddits}`);
    mkdirSync(join(folder, 'begun/bravo'), { recursive: true });
    const lock = await lockRun(join(folder, 'begun/bravo'), () => {});
    const batch = startCli(
      ['batch', 'begun.yaml', '--runs-dir', 'begun', '--json', '--retry-pause', '1s', '--retries', '20'],
      folder,
    );
    await batch.outputMatches(/"run":"alpha".*"message":"done in /);
    lock.release();
    const done = await batch.finished;
    expect(done.code).toBe(0);
    const titles = readFileSync(join(folder, 'begun/.batch/logs/.titles.log'), 'utf8');
    expect(titles).toContain('"code":"run-locked"');
    // An attempt after the first asks for the run alone that is missing.
    expect(titles.match(/"run":"alpha"/g)).toEqual(titles.split('Z pipeline')[1]!.match(/"run":"alpha"/g));
    for (const name of names)
      expect(lastingFiles(join(folder, 'begun', name))).toEqual(lastingFiles(join(folder, 'whole', name)));
  });

  test('that is killed goes on with --resume, to the same bytes', async () => {
    write('same.yaml', `options:\n${smallOptions}${subreddits}`);
    const kill = atMoments({ signal: 'SIGKILL', output: /"run":"bravo","stage":"finetune".*"done":3,/ });
    const killed = await runCli(['batch', 'same.yaml', '--runs-dir', 'killed', '--json'], folder, kill);
    expect(killed.signal).toBe('SIGKILL');
    expect(readBatch(join(folder, 'killed')).finishedAt).toBeNull();

    const resumed = await runCli(
      ['batch', 'same.yaml', '--runs-dir', 'killed', '--resume', ...patience],
      folder,
    );
    expect(resumed.errors).toContain('going on with the batch of');
    expect(resumed.code).toBe(0);
    for (const name of names) {
      expect(lastingFiles(join(folder, 'killed', name))).toEqual(lastingFiles(join(folder, 'whole', name)));
    }
  });

  test('compares itself with the one before, and keeps that', async () => {
    const before = readBatch(join(folder, 'killed'));
    const again = await runCli(
      ['batch', 'same.yaml', '--runs-dir', 'killed', '--notify', 'cat > told.json'],
      folder,
    );
    expect(again.code).toBe(0);
    const record = readBatch(join(folder, 'killed'));
    expect(record.previous?.startedAt).toBe(before.startedAt);
    expect(record.previous?.figures['bravo']).toEqual(before.runs[1]?.figures);
    const kept = before.startedAt.replace(/[^0-9A-Za-z]/g, '-');
    expect(existsSync(join(folder, `killed/.batch/earlier/batch-${kept}.html`))).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, 'told.json'), 'utf8')).batch).toEqual(record);
  });
});

describe('a batch in trouble', () => {
  test('waits for a run that another process holds, and tries again', async () => {
    mkdirSync(join(folder, 'held/alpha'), { recursive: true });
    const lock = join(folder, 'held/alpha/run.lock');
    const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8');
    const processStart = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), processStart }));
    write('held.yaml', `options:\n${smallOptions}  until: dataset\nsubreddits: [alpha]\n`);
    const started = startCli(
      ['batch', 'held.yaml', '--runs-dir', 'held', '--retry-pause', '1s', '--json'],
      folder,
      atMoments({ signal: 'SIGSTOP', output: /Tried again in/ }),
    );
    await whileStopped(started, () => rmSync(lock));
    const done = await started.finished;
    expect(done.code).toBe(0);
    expect(readBatch(join(folder, 'held')).runs[0]).toMatchObject({ status: 'done', attempts: 2 });
  });

  test('stops a run at its deadline, saved, and does the others', async () => {
    const long = `${smallOptions.replace('steps: 6', 'steps: 100000')}`;
    write('long.yaml', `options:\n${long}subreddits:\n  - alpha\n  - bravo:\n      until: dataset\n`);
    // The hour is over for alpha when it has trained a little, and not for bravo.
    const ring = atMoments({ output: /"run":"alpha","stage":"finetune".*"done":3,/, timer: 3_600_000 });
    const command = ['batch', 'long.yaml', '--runs-dir', 'long', '--deadline', '1h', '--json'];
    const done = await runCli(command, folder, ring);
    expect(done.code).toBe(1);
    const { runs } = readBatch(join(folder, 'long'));
    expect(runs.map(({ status }) => status)).toEqual(['failed', 'done']);
    expect(runs[0]?.error).toMatchObject({ code: 'deadline' });
    const manifest = JSON.parse(readFileSync(join(folder, 'long/alpha/run.json'), 'utf8'));
    expect(manifest.stages.finetune.status).toBe('interrupted');
  });

  test('leaves a runs folder to the batch that has it, and stops with Ctrl-C, saved', async () => {
    const long = `${smallOptions.replace('steps: 6', 'steps: 100000')}`;
    write('endless.yaml', `options:\n${long}subreddits: [alpha]\n`);
    const started = startCli(['batch', 'endless.yaml', '--runs-dir', 'endless', '--json'], folder);
    await started.outputMatches(/"stage":"finetune".*"done":[1-9]/);
    const second = await runCli(['batch', 'endless.yaml', '--runs-dir', 'endless'], folder);
    expect(second.code).toBe(1);
    expect(lastLine(second)).toMatch(/endless is being written by process \d+/);
    started.child.kill('SIGINT');
    const stopped = await started.finished;
    expect(stopped.code).toBe(130);
    const record = readBatch(join(folder, 'endless'));
    expect(record.finishedAt).toBeNull();
    expect(record.runs[0]?.status).toBe('interrupted');
    const manifest = JSON.parse(readFileSync(join(folder, 'endless/alpha/run.json'), 'utf8'));
    expect(manifest.stages.finetune.status).toBe('interrupted');
  });

  test('ends the processes of its runs when it is killed itself', async () => {
    const started = startCli(['batch', 'endless.yaml', '--runs-dir', 'endless', '--json'], folder);
    await started.outputMatches(/"stage":"finetune".*"done":[1-9]/);
    const { pid } = JSON.parse(readFileSync(join(folder, 'endless/alpha/run.lock'), 'utf8'));
    expect(pid).not.toBe(started.child.pid);
    started.child.kill('SIGKILL');
    await started.finished;
    while (spawnSync('kill', ['-0', String(pid)]).status === 0)
      await new Promise((resolve) => setImmediate(resolve));
    const manifest = JSON.parse(readFileSync(join(folder, 'endless/alpha/run.json'), 'utf8'));
    expect(manifest.stages.finetune.status).toBe('interrupted');
  });

  test.each([
    ['a key that is none', 'jobz: 1\n', /wrong\.yaml:1: "jobz" is no setting/],
    ['a file that is not there', undefined, /Cannot read missing\.yaml: no such file/],
  ])('by %s ends before any work', async (_name, text, message) => {
    if (text) write('wrong.yaml', text);
    const done = await runCli(['batch', text ? 'wrong.yaml' : 'missing.yaml', '--runs-dir', 'none'], folder);
    expect(lastLine(done)).toMatch(message);
    expect(done.code).toBe(text ? 2 : 1);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});
