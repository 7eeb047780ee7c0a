import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { lastLine, runCli, type Started, startCli, temporaryFolder } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

const folder = temporaryFolder();
const run = 'runs/made-up';
const outputs = ['Who named the weeds in this garden?', 'Which tune does the rain remember best?'];

/** Starts the review and waits for its address. */
async function startReview(): Promise<{ started: Started; url: string }> {
  const started = startCli(['review', run, '--json'], folder);
  let said = '';
  started.child.stdout.on('data', (chunk: string) => {
    said += chunk;
  });
  await started.outputMatches(/http:\S+\//);
  return { started, url: /http:[^"\s]+/.exec(said)![0] };
}

async function post(
  url: string,
  body: Readonly<Record<string, unknown>>,
  path = 'decisions',
): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  return fetch(url + path, {
    method: 'POST',
    headers,
    body: JSON.stringify({ window: 'one', seen: 0, ...body }),
  });
}

function lines(name: string): string[] {
  return readFileSync(join(folder, run, name), 'utf8')
    .split('\n')
    .filter(Boolean);
}

beforeAll(async () => {
  writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(200)));
  const source = ['--source', 'csv', '--input', 'titles.csv', '--run-name', 'made-up', '--until', 'dataset'];
  expect((await runCli(['pipeline', ...source], folder)).code).toBe(0);
  const generated = [...outputs, lines('dataset/train.txt')[0]!.replace(/<\|\w+\|>/g, '')];
  const records = generated.map((text, index) => ({ index, text, tokens: 9, finishReason: 'stop', seed: 1 }));
  writeFileSync(
    join(folder, run, 'generated.jsonl'),
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );
  expect((await runCli(['dedupe', run], folder)).code).toBe(0);
});

/** Every file of the run but its lock, with its content. */
function filesOfRun(): Record<string, string> {
  const entries = readdirSync(join(folder, run), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile() && entry.name !== 'run.lock');
  return Object.fromEntries(
    paths.map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name), 'latin1'),
    ]),
  );
}

/** Opens a review, looks at its page and list, and closes it. */
async function look(): Promise<{ said: string; total: number }> {
  const { started, url } = await startReview();
  expect((await fetch(url)).status).toBe(200);
  const answer = (await (await fetch(`${url}items`)).json()) as { progress: { total: number } };
  started.child.kill('SIGINT');
  const { code, output, errors } = await started.finished;
  expect(code).toBe(0);
  return { said: output + errors, total: answer.progress.total };
}

describe('titlesmith review', () => {
  test('keeps what was decided through kill -9, and dedupe keeps to it', async () => {
    const first = await startReview();
    expect((await post(first.url, { index: 0, decision: 'refuse' })).status).toBe(200);
    expect((await post(first.url, { index: 1, decision: 'keep' })).status).toBe(200);
    expect((await post(first.url, { index: 2, decision: 'seen' })).status).toBe(200);
    first.started.child.kill('SIGKILL');
    expect((await first.started.finished).signal).toBe('SIGKILL');

    const second = await startReview();
    const answer = (await (await fetch(`${second.url}items`)).json()) as { progress: unknown };
    expect(answer.progress).toMatchObject({ total: 3, decided: 2, seen: 1, kept: 1 });
    second.started.child.kill('SIGTERM');
    const { code, output, errors } = await second.started.finished;
    expect(code).toBe(0);
    expect(output + errors).toMatch(/Taking over the lock/);
    expect(lines('accepted.txt')).toEqual([outputs[1]]);

    // What a person decided is the run's own, and no reason to judge again.
    expect((await runCli(['dedupe', run], folder)).errors).toMatch(/^dedupe +skipped/m);
    const deduped = await runCli(['dedupe', run, '--overwrite'], folder);
    expect(deduped.errors).toContain('2 outputs are as decided in review');
    expect(lines('accepted.txt')).toEqual([outputs[1]]);
    expect(lines('decisions.jsonl')).toHaveLength(3);
  });

  test('keeps all or nothing of what is decided at once when it is killed meanwhile, and an undo takes it back', async () => {
    const first = await startReview();
    const filter = { show: 'all', reason: '', search: '', seen: 3 };
    const answer = post(first.url, { decision: 'keep', ...filter }, 'groups').catch(() => undefined);
    first.started.child.kill('SIGKILL');
    await first.started.finished;
    const isMade = (await answer) !== undefined || lines('decisions.jsonl').length === 5;

    const second = await startReview();
    const shown = (await (await fetch(`${second.url}items?show=kept`)).json()) as {
      items: readonly { text: string }[];
      progress: unknown;
    };
    expect(shown.progress).toMatchObject(isMade ? { decided: 3, kept: 3 } : { decided: 2, kept: 1 });
    expect(lines('accepted.txt').sort()).toEqual(shown.items.map(({ text }) => text).sort());
    if (isMade) expect((await post(second.url, {}, 'undo')).status).toBe(200);
    second.started.child.kill('SIGTERM');
    await second.started.finished;
    expect(lines('accepted.txt')).toEqual([outputs[1]]);
    expect((await runCli(['dedupe', run, '--overwrite'], folder)).code).toBe(0);
    expect(lines('accepted.txt')).toEqual([outputs[1]]);
  });

  test('writes nothing when it is opened', async () => {
    const before = filesOfRun();
    expect((await look()).said).not.toContain('judged for this review');
    expect(filesOfRun()).toEqual(before);
  });

  test('judges titles that were added, for itself, until a decision is made', async () => {
    const generated = join(folder, run, 'generated.jsonl');
    const more = { index: 3, text: 'Who would ever think of that', tokens: 9, finishReason: 'stop', seed: 1 };
    writeFileSync(generated, `${lines('generated.jsonl').join('\n')}\n${JSON.stringify(more)}\n`);
    const before = filesOfRun();
    const { said, total } = await look();
    expect(said).toContain(
      'judgement.json is not of the run as it is now: its titles are judged for this review',
    );
    expect(total).toBe(4);
    expect(filesOfRun()).toEqual(before);

    const { started, url } = await startReview();
    expect((await post(url, { index: 3, decision: 'keep' })).status).toBe(200);
    started.child.kill('SIGTERM');
    expect((await started.finished).code).toBe(0);
    expect(lines('accepted.txt')).toEqual([outputs[1], more.text]);
    const deduped = await runCli(['dedupe', run], folder);
    expect(deduped.errors).toContain('3 outputs are as decided in review');
    expect(lines('accepted.txt')).toEqual([outputs[1], more.text]);
  });

  test('opens a run of an older titlesmith, which kept no judgement', async () => {
    rmSync(join(folder, run, 'judgement.json'));
    const manifest = JSON.parse(readFileSync(join(folder, run, 'run.json'), 'utf8'));
    delete manifest.stages.dedupe.outputs['judgement.json'];
    writeFileSync(join(folder, run, 'run.json'), JSON.stringify(manifest));
    const { said, total } = await look();
    expect(total).toBe(4);
    expect(said).toContain('judgement.json is not there yet: its titles are judged for this review');
  });

  test('holds the run: nothing else writes it meanwhile', async () => {
    const { started } = await startReview();
    const other = await runCli(['dedupe', run], folder);
    expect(other.code).toBe(1);
    expect(lastLine(other)).toMatch(
      /is being reviewed by process \d+\. End the review, or work on another run/,
    );
    started.child.kill('SIGINT');
    expect((await started.finished).code).toBe(0);
  });

  test.each([
    [['review', 'nowhere'], 1, /nowhere is no run/],
    [['review', run, '--port', '70000'], 2, /--port got "70000", which is not a whole number/],
    [['review'], 2, /review needs <run-folder>/],
  ])('refuses %j in one line', async (command, code, message) => {
    const finished = await runCli(command, folder);
    expect(finished.code).toBe(code);
    expect(lastLine(finished)).toMatch(message);
  });
});
