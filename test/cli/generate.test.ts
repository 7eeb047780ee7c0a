import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixtureFolder } from '../model/transformer/fixtures.js';
import { lastLine, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
const model = fixtureFolder('float32');
const generate = (...flags: string[]) => runCli(['generate', model, '--length', '8', ...flags], folder);

describe('generate with a model that belongs to no run', () => {
  test('prints texts in order, the same whatever the batch size', async () => {
    const flags = ['--nsamples', '7', '--seed', '3', '--prefix', 'the', '--sample-delim', '--\n'];
    const [one, four] = await Promise.all([
      generate(...flags, '--batch-size', '1'),
      generate(...flags, '--batch-size', '4', '--threads', '1'),
    ]);
    expect(one.code).toBe(0);
    expect(one.errors.startsWith(`model: ${model}\ndevice: `)).toBe(true);
    const texts = one.output.split('--\n');
    expect(texts).toHaveLength(8);
    expect(texts.slice(0, 7).every((text) => text.startsWith('the'))).toBe(true);
    expect(four.output).toBe(one.output);
  });

  test('says the seed where none is given, and only where it matters', async () => {
    const seed = /^seed: 1 \(the default; another --seed gives other titles\)$/m;
    const [byDefault, asked, likeliest] = await Promise.all([
      generate('--nsamples', '2'),
      generate('--nsamples', '2', '--seed', '1'),
      generate('--nsamples', '1', '--temperature', '0'),
    ]);
    expect(byDefault.errors).toMatch(seed);
    expect(asked.errors).not.toMatch(/seed:/);
    expect(likeliest.errors).not.toMatch(/seed:/);
    expect(asked.output).toBe(byDefault.output);
  });

  test('prints one JSON object a text', async () => {
    const { output } = await generate('--nsamples', '4', '--json', '--precision', 'int8');
    const results = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; index: number });
    const texts = results.filter(({ kind }) => kind === 'result');
    expect(texts.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });
});

test.concurrent.each([
  [['--batch-size', '0'], /--slots got "0"/],
  [['--prefix-file', 'nosuch.txt'], /nosuch\.txt: no such file/],
  [['--prefix', 'a', '--prefix-file', 'b'], /--prefix and --prefix-file are given/],
  [['--length', '16'], /--length 16 does not fit/],
  [['--delimiters', 'both'], /--delimiters got "both"/],
  [['--precision', 'int4'], /--precision got "int4"/],
])('generate %j ends in one clear line', async (flags, message) => {
  const finished = await generate(...flags);
  expect(finished.code).toBeGreaterThan(0);
  expect(lastLine(finished)).toMatch(message);
  expect(finished.output).toBe('');
});

test('a pipeline refuses titles longer than the context before it does anything', async () => {
  const finished = await runCli(['pipeline', '--subreddit', 'askreddit', '--length', '128'], folder);
  expect(finished.code).toBe(2);
  expect(lastLine(finished)).toMatch(/--length 128 does not fit/);
  expect(existsSync(join(folder, 'runs/askreddit'))).toBe(false);
});
