import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { TitlesmithError } from '../../src/common/errors.js';
import { type ProgressEvent, silentContext } from '../../src/common/progress.js';
import { bitsPerByte, parseTitleLosses, type TitleLosses } from '../../src/common/title-losses.js';
import { packageRoot } from '../../src/io/package-root.js';
import { scoreTitles } from '../../src/pipeline/library/score-titles.js';
import { type ScoreFileOptions, scoreFile } from '../../src/pipeline/score-file.js';
import type { TitleScore, TotalScore } from '../../src/pipeline/title-scores.js';
import { pipelineOf, treeOf } from './finished-run.js';
import { type Finished, lastLine, runCli, temporaryFolder } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

const folder = temporaryFolder();
const run = 'runs/plain';
const prompted = 'runs/prompted';
const short = ['--until', 'finetune', '--steps', '2', '--evaluate-every', '2', '--sample-every', '0'];
const conditionFlags = ['--condition', 'keywords', '--condition-share', '0.5'];
const path = (name: string): string => join(folder, name);
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(path(name), content);
  return name;
};
const heldOut = (of: string): string => join(of, 'dataset/validation.txt');
const lossesOf = (of: string): TitleLosses =>
  parseTitleLosses(readFileSync(path(join(of, 'title-losses.json')), 'utf8'), of);

/** The held-out titles of the plain run. */
let titles: readonly string[];
let before: Record<string, string>;
beforeAll(async () => {
  write('titles.csv', toCsv(madeUpTitles(120)));
  for (const command of [
    [...pipelineOf('plain'), ...short],
    [...pipelineOf('prompted'), ...short, ...conditionFlags],
  ])
    expect((await runCli(command, folder)).code).toBe(0);
  titles = [
    ...readFileSync(path(heldOut(run)), 'utf8').matchAll(/<\|startoftext\|>(.*)<\|endoftext\|>/g),
  ].map(([, title]) => title!);
  before = treeOf(path('runs'));
});

interface Scored {
  readonly scores: readonly TitleScore[];
  readonly total: TotalScore;
  /** Notes and warnings. */
  readonly said: readonly string[];
}

/** What the command has to print. */
async function scoreOf(
  model: string,
  file: string,
  options: ScoreFileOptions = {},
  signal: AbortSignal = silentContext.signal,
): Promise<Scored> {
  const [scores, said]: [TitleScore[], string[]] = [[], []];
  const onProgress = (event: ProgressEvent): void => {
    if (event.kind !== 'progress') said.push(event.message);
  };
  const context = { signal, onProgress };
  const places = [model, file].map((name) => (name !== '' && existsSync(path(name)) ? path(name) : name));
  const total = await scoreFile(places[0]!, places[1]!, options, context, (score) => scores.push(score));
  return { scores, total, said };
}

/** What it printed as JSON. */
function scoredBy({ code, output }: Pick<Finished, 'code' | 'output'>): Omit<Scored, 'said'> {
  expect(code).toBe(0);
  const results = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TitleScore & { readonly kind: string; readonly total?: TotalScore })
    .filter(({ kind }) => kind === 'result');
  const scores = results.slice(0, -1).map(({ kind: _, ...score }) => score);
  return { scores, total: results.at(-1)!.total! };
}

describe('held-out titles have the losses that their training found', () => {
  test.each([
    ['of a plain run', run],
    ['behind the prompts of their dataset', prompted],
  ])('%s', async (_, of) => {
    const losses = lossesOf(of);
    const { scores, total } = await scoreOf(of, heldOut(of));
    expect(scores.map(({ number }) => number - 1)).toEqual(losses.heldOut.titles);
    expect(scores.map(({ tokens }) => tokens)).toEqual(losses.heldOut.tokens);
    expect(scores.map(({ bytes }) => bytes)).toEqual(losses.heldOut.bytes);
    for (const [index, nats] of losses.heldOut.model.entries())
      expect(scores[index]!.nats).toBeCloseTo(nats, 3);
    expect(total.bitsPerByte).toBeCloseTo(bitsPerByte(losses).model, 3);
    expect(total.titles).toBe(losses.heldOut.titles.length);
    const withPrompt = scores.filter(({ prompt }) => prompt !== undefined);
    if (of === run) expect(withPrompt).toEqual([]);
    else expect(withPrompt.length).toBeGreaterThan(0);
    for (const { prompt, title } of withPrompt)
      expect([prompt!.at(-1), title.includes('\t')]).toEqual(['\t', false]);
  });
});

test('a file of any form, a checkpoint folder and the library give the same scores', async () => {
  const text = write('titles.txt', titles.map((title) => `${title}\n`).join(''));
  const { scores, total } = await scoreOf(run, text);
  expect(scores.map(({ title }) => title)).toEqual(titles);
  const json = titles.map((title) => `${JSON.stringify({ id: 1, headline: title })}\n`).join('');
  const others: readonly (readonly [string, string, ScoreFileOptions?])[] = [
    [run, write('held-out.csv', toCsv(titles))],
    [run, write('headlines.jsonl.gz', gzipSync(json)), { column: 'headline' }],
    [join(run, 'checkpoint'), text, { threads: 1, device: 'cpu' }],
  ];
  for (const other of others) expect(await scoreOf(...other)).toMatchObject({ scores, total });
  expect(await scoreTitles(path(run), titles)).toEqual({ scores, total });
});

test('the command prints a table for people, and a line a title for programs, of standard input too', async () => {
  const { scores, total } = await scoreTitles(path(run), titles);
  const { output, code } = await runCli(['score', run, 'titles.txt'], folder);
  const lines = output.trimEnd().split('\n');
  expect(code).toBe(0);
  expect(lines[0]).toBe('bits/byte     nats  tokens  bytes  title');
  for (const [index, { bitsPerByte: bits, title, tokens, bytes }] of scores.entries()) {
    const cells = lines[index + 1]!.trim().split(/ {2,}/);
    expect([cells[0], ...cells.slice(2)]).toEqual([bits.toFixed(3), `${tokens}`, `${bytes}`, title]);
  }
  const last = `${titles.length} titles: ${total.bitsPerByte.toFixed(4)} bits a byte, perplexity `;
  expect(lines.at(-1)).toContain(last);
  const program = [join(packageRoot, 'dist/cli.js'), 'score', run, '-', '--json'];
  const piped = execFileSync(process.execPath, program, {
    cwd: folder,
    input: toCsv(titles),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  expect(scoredBy({ code: 0, output: piped })).toEqual({ scores, total });
});

test('titles are cleaned, and those that cannot be scored are left out with the reason', async () => {
  const [first, second] = titles as readonly [string, string];
  const long = 'ab cd '.repeat(200);
  const lines = [first, '[deleted]', long, `  ${second.replaceAll(' ', '  ')} `, first];
  const { scores, total, said } = await scoreOf(run, write('mixed.txt', lines.join('\n')));
  const wanted = await scoreTitles(path(run), [first, second, first]);
  expect(total).toEqual(wanted.total);
  expect(scores.map(({ number }) => number)).toEqual([1, 4, 5]);
  expect(scores.map(({ title, nats }) => [title, nats])).toEqual(
    wanted.scores.map(({ title, nats }) => [title, nats]),
  );
  expect(said).toContain('2 titles of 5 left out: 1 deleted or removed, 1 of more than 127 tokens.');
});

test('8-bit weights give nearly the same scores', async () => {
  const exact = await scoreTitles(path(run), titles);
  const { scores, total } = await scoreOf(run, 'titles.txt', { precision: 'int8' });
  expect(total.bitsPerByte).toBeCloseTo(exact.total.bitsPerByte, 1);
  expect(scores.map(({ nats }) => nats)).not.toEqual(exact.scores.map(({ nats }) => nats));
  for (const [index, { nats, tokens }] of exact.scores.entries()) {
    expect(scores[index]!.tokens).toBe(tokens);
    expect(Math.abs(scores[index]!.nats - nats)).toBeLessThan(0.02 * nats);
  }
});

test('a subreddit is put before titles by a model that knows it; a title with a prompt of its own is refused', async () => {
  cpSync(path(join(run, 'checkpoint')), path('named'), { recursive: true });
  const condition = { names: ['subreddit'], share: 1, subreddits: ['chess'], keptOut: [] };
  write('named/condition.json', JSON.stringify({ formatVersion: 1, ...condition }));
  const byName = scoredBy(
    await runCli(['score', 'named', 'titles.txt', '--subreddit', 'Chess', '--json'], folder),
  );
  const inFile = write('prompted.txt', titles.map((title) => `r/chess\t${title}\n`).join(''));
  const { said, ...behindOwn } = await scoreOf('named', inFile);
  expect(byName).toEqual(behindOwn);
  expect(byName).toEqual(await scoreTitles(path('named'), titles, { subreddit: 'chess' }));
  expect(byName.scores[0]!.prompt).toBe('r/chess\t');
  const unprompted = 'learned every title behind a prompt, but no title has one';
  expect(said.join()).not.toContain(unprompted);
  const bare = await scoreOf('named', 'titles.txt');
  expect(bare.said.join()).toContain(unprompted);
  expect(bare.total.nats).not.toBe(byName.total.nats);
  await expect(scoreOf('named', inFile, { promptSubreddit: 'chess' })).rejects.toThrow(
    /^A subreddit is named, but the title "[^"]+" has a prompt of its own/,
  );
});

describe('is refused in one line, with nothing printed or written', () => {
  test.each<[readonly string[], number, RegExp]>([
    [[run], 2, /score needs <file>/],
    [[run, 'titles.txt', 'more.txt'], 2, /"more\.txt" is one argument too many/],
    [[run, 'late.jsonl'], 1, /late\.jsonl, line 3001: it is no JSON/],
    [[run, 'titles.csv', '--nsamples', '3'], 2, /--nsamples is no option of score/],
  ])('%j', async (arguments_, code, message) => {
    write('late.jsonl', `${'"What is it?"\n'.repeat(3000)}{broken\n`);
    const finished = await runCli(['score', ...arguments_], folder);
    expect(lastLine(finished)).toMatch(/^Error: /);
    expect(lastLine(finished)).toMatch(message);
    expect(finished.errors).not.toMatch(/^\s+at /m);
    expect([finished.output, finished.code]).toEqual(['', code]);
  });

  test.each<[string, string, ScoreFileOptions, RegExp]>([
    [run, '', {}, /^The file of titles is "", which is no path/],
    [run, 'nosuch.csv', {}, /Cannot read nosuch\.csv: no such file/],
    [run, 'runs', {}, /Cannot read .*runs: it is a folder/],
    [run, 'two.csv', {}, /two\.csv has no column "title"/],
    [run, 'open.csv', {}, /open\.csv/],
    [run, 'gone.txt', {}, /gone\.txt holds no title to score: 2 deleted or removed\./],
    [run, 'titles.csv', { promptSubreddit: 'chess' }, /was not trained with names of subreddits/],
    [run, 'titles.csv', { precision: 'float16', device: 'cpu' }, /float16 is not available/],
    ['nosuch', 'titles.csv', {}, /"nosuch" is no known model/],
    ['nano', 'titles.csv', {}, /names no model that is there/],
    ['runs', 'titles.csv', {}, /runs holds no model/],
    ['damaged', 'titles.csv', {}, /damaged/],
  ])('%s %s %j', async (model, file, options, message) => {
    write('two.csv', 'a,b\nWhat is this?,1\n');
    write('open.csv', 'title\n"What is\n');
    write('gone.txt', '[deleted]\n[removed]\n');
    cpSync(path(join(run, 'checkpoint')), path('damaged'), { recursive: true });
    write('damaged/model.safetensors', 'nothing of a model');
    const refused = scoreOf(model, file, options);
    await expect(refused).rejects.toThrow(TitlesmithError);
    await expect(refused).rejects.toThrow(message);
  });

  test('nor when it is stopped', async () => {
    const stopped = scoreOf(run, 'titles.csv', {}, AbortSignal.abort());
    await expect(stopped).rejects.toThrow(/^Interrupted; what was scored is printed, but kept nowhere\.$/);
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
  });

  test('and a run that is scored stays as it was', () => {
    expect(treeOf(path('runs'))).toEqual(before);
  });
});

describe('the library', () => {
  test.each<[readonly string[], RegExp]>([
    [[], /needs at least one title/],
    [['What?', ''], /title 2 is empty/],
    [['What?', 'ab cd '.repeat(200)], /title 2 has more than the 127 tokens that the model reads/],
  ])('refuses %j', async (given, message) => {
    await expect(scoreTitles(path(run), given)).rejects.toThrow(message);
  });

  test('stops when its signal is aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(scoreTitles(path(run), titles, { context: { signal } })).rejects.toThrow(/Interrupted/);
    const options = { precision: 'int8', context: { signal } } as const;
    await expect(scoreTitles(path(run), titles, options)).rejects.toThrow(/Interrupted/);
  });
});
