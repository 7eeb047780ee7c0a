import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

async function post(url: string, body: Readonly<Record<string, unknown>>): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  return fetch(`${url}decisions`, {
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
});

describe('titlesmith review', () => {
  test('keeps what was decided through kill -9, and dedupe keeps to it', async () => {
    const first = await startReview();
    expect((await post(first.url, { index: 0, decision: 'refuse' })).status).toBe(200);
    expect((await post(first.url, { index: 1, decision: 'keep' })).status).toBe(200);
    first.started.child.kill('SIGKILL');
    expect((await first.started.finished).signal).toBe('SIGKILL');

    const second = await startReview();
    const answer = (await (await fetch(`${second.url}items`)).json()) as { progress: unknown };
    expect(answer.progress).toEqual({ total: 3, decided: 2, kept: 1 });
    second.started.child.kill('SIGTERM');
    const { code, output, errors } = await second.started.finished;
    expect(code).toBe(0);
    expect(output + errors).toMatch(/Taking over the lock/);
    expect(lines('accepted.txt')).toEqual([outputs[1]]);

    const deduped = await runCli(['dedupe', run], folder);
    expect(deduped.errors).toContain('2 outputs are as decided in review');
    expect(lines('accepted.txt')).toEqual([outputs[1]]);
    expect(lines('decisions.jsonl')).toHaveLength(2);
  });

  test('judges once: what dedupe found is read again, decisions or not, until the outputs change', async () => {
    const open = async (): Promise<string> => {
      const { started } = await startReview();
      started.child.kill('SIGINT');
      const { code, output, errors } = await started.finished;
      expect(code).toBe(0);
      return output + errors;
    };
    const judgement = join(folder, run, 'judgement.json');
    const written = statSync(judgement).mtimeMs;
    expect(await open()).not.toContain('dedupe stage runs');
    expect(statSync(judgement).mtimeMs).toBe(written);

    const content = readFileSync(judgement, 'utf8');
    const generated = join(folder, run, 'generated.jsonl');
    writeFileSync(generated, lines('generated.jsonl').slice(1).join('\n').concat('\n'));
    expect(await open()).toContain(
      'judgement.json is not of the run as it is now: the dedupe stage runs first',
    );
    expect(JSON.parse(readFileSync(judgement, 'utf8')).verdicts).toEqual(
      JSON.parse(content).verdicts.slice(1),
    );
  });

  test('opens a run of an older titlesmith, which kept no judgement', async () => {
    rmSync(join(folder, run, 'judgement.json'));
    const manifest = JSON.parse(readFileSync(join(folder, run, 'run.json'), 'utf8'));
    delete manifest.stages.dedupe.outputs['judgement.json'];
    writeFileSync(join(folder, run, 'run.json'), JSON.stringify(manifest));
    const { started, url } = await startReview();
    const answer = (await (await fetch(`${url}items`)).json()) as { progress: { total: number } };
    expect(answer.progress.total).toBe(2);
    started.child.kill('SIGINT');
    const { output, errors } = await started.finished;
    expect(output + errors).toContain('judgement.json is not there yet: the dedupe stage runs first');
  });

  test('holds the run: nothing else writes it meanwhile', async () => {
    const { started } = await startReview();
    const other = await runCli(['dedupe', run], folder);
    expect(other.code).toBe(1);
    expect(lastLine(other)).toMatch(
      /is being reviewed by process \d+\. End the review, or choose another run/,
    );
    started.child.kill('SIGINT');
    expect((await started.finished).code).toBe(0);
  });

  test.each([
    [['review', 'nowhere'], 1, /nowhere is not a run folder/],
    [['review', run, '--port', '70000'], 2, /--port got "70000", which is not a whole number/],
    [['review'], 2, /review needs <run-folder>/],
  ])('refuses %j in one line', async (command, code, message) => {
    const finished = await runCli(command, folder);
    expect(finished.code).toBe(code);
    expect(lastLine(finished)).toMatch(message);
  });
});
