import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { treeOf } from '../cli/finished-run.js';
import { lastLine, runCli, startCli, temporaryFolder } from '../cli/run-cli.js';
import { serve } from '../serve/serve-run.js';
import { recordedPath, unpackRecorded } from './recorded-runs.js';

const folder = temporaryFolder();
const pathOf = (...parts: readonly string[]): string => join(folder, 'runs', ...parts);
const read = (...parts: readonly string[]): string => readFileSync(pathOf(...parts), 'utf8');

/** Runs a command that must succeed. @returns its results with --json. */
async function resultsOf(...words: readonly string[]): Promise<Record<string, unknown>[]> {
  const { code, output, errors } = await runCli([...words, '--json'], folder);
  expect([code, errors, output.slice(-300)], words.join(' ')).toEqual([
    0,
    expect.any(String),
    expect.any(String),
  ]);
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return lines.filter(({ kind }) => kind === 'result');
}

/** A copy of the finished run, whose files may be spoiled. */
function copyOf(name: string): string {
  cpSync(pathOf('finished'), pathOf(name), { recursive: true });
  return `runs/${name}`;
}

beforeAll(async () => {
  await unpackRecorded('stopped', join(folder, 'runs'));
  const imported = await resultsOf('import', recordedPath('finished'));
  expect(imported).toEqual([expect.objectContaining({ folder: 'runs/finished' })]);
});

describe('a run that 1.0 finished and archived', () => {
  test("is imported with all that it held, a person's decisions too", () => {
    expect(read('finished/generated.jsonl').trim().split('\n')).toHaveLength(8);
    expect(read('finished/decisions.jsonl').trim().split('\n')).toHaveLength(2);
    expect(JSON.parse(read('finished/run.json')).titlesmithVersion).toBe('1.0.0');
  });

  test('is listed, shown, compared, scored with and plotted', async () => {
    const run = 'runs/finished';
    const [[listed], [shown], [compared], scores, plots] = await Promise.all([
      resultsOf('list'),
      resultsOf('show', run),
      resultsOf('compare', run, run),
      resultsOf('score', run, `${run}/dataset/validation.txt`),
      resultsOf('plot', run, '--plots', 'losses', '--output', 'plots'),
    ]);
    expect(listed?.['runs']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'finished', state: 'done', titles: 48 }),
        expect.objectContaining({ name: 'stopped', state: 'stopped', stage: 'finetune' }),
      ]),
    );
    expect(shown).toMatchObject({ name: 'finished', state: 'done' });
    expect(compared).toMatchObject({ runs: [{ name: 'finished' }, { name: 'finished' }] });
    expect([scores, plots].map(({ length }) => length > 0)).toEqual([true, true]);
  });

  test('is reviewed, with what was decided', async () => {
    const review = startCli(['review', 'runs/finished', '--json'], folder);
    let said = '';
    review.child.stdout.on('data', (chunk: string) => {
      said += chunk;
    });
    await review.outputMatches(/"url":"http[^"]+"/);
    const [, url] = /"url":"(http[^"]+)"/.exec(said)!;
    const answer = await fetch(`${url}items?show=all&limit=10`);
    const { progress } = (await answer.json()) as { readonly progress: object };
    expect(progress).toMatchObject({ decided: 1, seen: 1 });
    review.child.kill('SIGTERM');
    expect((await review.finished).code).toBe(0);
  });

  test('takes more titles behind those that it has, is judged and reported on anew, and exported', async () => {
    const run = copyOf('more');
    const texts = read('more/generated.jsonl');
    await resultsOf('generate', run, '--nsamples', '2');
    expect(read('more/generated.jsonl').startsWith(texts)).toBe(true);
    await resultsOf('report', run);
    const [first] = read('more/generated.jsonl').split('\n');
    const { text } = JSON.parse(first!) as { readonly text: string };
    expect(read('more/accepted.txt').split('\n')).not.toContain(text.trim());
    expect(JSON.parse(read('more/report.json')).generation.outputs).toBe(10);
    await resultsOf('export', run, 'more.tar.gz');
  });

  test('is served', async () => {
    const { url, stop } = await serve(pathOf('finished'));
    const answer = await fetch(`${url}?length=5&prefix=What`);
    expect(await answer.json()).toEqual({ text: expect.stringMatching(/^What/) });
    await stop();
  });
});

test('a training that 1.0 stopped goes on from the step where it was', async () => {
  const { code, output } = await runCli(['finetune', 'runs/stopped', '--json'], folder);
  expect(code).toBe(0);
  const steps = [...output.matchAll(/"stage":"finetune".*?"done":(\d+),.*?"loss"/g)].map(([, step]) =>
    Number(step),
  );
  expect(steps[0]).toBeGreaterThan(12);
  const lines = read('stopped/metrics.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).step);
  expect(lines.at(-1)).toBe(40);
  expect(lines).toEqual([...new Set(lines)]);
});

describe('what a newer titlesmith wrote', () => {
  beforeAll(() => {
    const path = join(folder, copyOf('newer'), 'run.json');
    const text = readFileSync(path, 'utf8').replace('"formatVersion": 1', '"formatVersion": 2');
    writeFileSync(path, text.replace('"1.0.0"', '"9.9.9"'));
    writeFileSync(join(folder, 'titles.txt'), 'What is this?\n');
  });

  test.each([
    [['show']],
    [['generate', '--nsamples', '1']],
    [['serve', '--port', '0']],
    [['export', 'newer.tar.gz']],
  ])('is refused by %j in one line, and not touched', async ([command = '', ...words]) => {
    const before = treeOf(pathOf('newer'));
    const refused = await runCli([command, 'runs/newer', ...words], folder);
    expect(refused.code).toBe(1);
    expect(lastLine(refused)).toMatch(
      /^Error: \S+run\.json has format 2, written by titlesmith 9\.9\.9; this is titlesmith .* Update titlesmith/,
    );
    expect(treeOf(pathOf('newer'))).toEqual(before);
  });

  test.each([
    ['judgement.json', 'dedupe', 'plot', []],
    ['title-losses.json', 'finetune', 'report', []],
    ['checkpoint/condition.json', 'finetune', 'score', ['titles.txt']],
  ])('in %s of the %s stage is refused by %s', async (file, stage, command, words) => {
    const run = copyOf(`newer-${stage}-${command}`);
    const path = join(folder, run, file);
    const text = readFileSync(path, 'utf8').replace(/"formatVersion": \d/, '"formatVersion": 9');
    writeFileSync(path, text);
    // Recorded as the newer one would have.
    const manifest = JSON.parse(readFileSync(join(folder, run, 'run.json'), 'utf8'));
    const sha256 = createHash('sha256').update(text).digest('hex');
    for (const { inputs, outputs } of Object.values<{ inputs?: object; outputs?: object }>(manifest.stages))
      for (const files of [inputs, outputs])
        if (files && file in files)
          Object.assign(files, { [file]: { bytes: Buffer.byteLength(text), sha256 } });
    writeFileSync(join(folder, run, 'run.json'), JSON.stringify(manifest));
    const before = treeOf(join(folder, run));
    const refused = await runCli([command, run, ...words], folder);
    expect(refused.code).toBe(1);
    expect(lastLine(refused)).toMatch(
      /^Error: \S+\.json has format 9; this titlesmith reads .*Update titlesmith/,
    );
    expect(treeOf(join(folder, run))).toEqual(before);
  });
});
