import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../../src/io/package-root.js';
import { temporaryFolder } from '../../cli/run-cli.js';
import { madeUpTitles, toCsv } from '../../cli/titles.js';
import { fixtureFolder } from '../../model/transformer/fixtures.js';
import { LocalHub } from '../../model/weights/hub/local-hub.js';

const entry = join(packageRoot, 'dist/index.js');
const documentation = readFileSync(join(packageRoot, 'docs/library.md'), 'utf8');
const examples = [...documentation.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
const folder = temporaryFolder();
let hub: LocalHub;

beforeAll(async () => {
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run npm run build first.`);
  hub = await LocalHub.start(fixtureFolder('float16'), 'openai-community/gpt2');
  writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(60)));
});
afterAll(() => hub.stop());

/** Runs an example of the documentation as a module of its own. @returns what it printed. */
async function run(example: string): Promise<string> {
  // A few steps show the way as well as many.
  const code = example.replace("'titlesmith'", JSON.stringify(pathToFileURL(entry).href));
  const path = join(folder, 'example.mjs');
  writeFileSync(path, code.replace('steps: 400', 'steps: 6').replace('runs/askreddit', 'model'));
  const cache = join(folder, 'cache');
  const env = { PATH: process.env['PATH'], HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, HOME: folder };
  const child = spawn(process.execPath, [path], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const [code_] = await once(child, 'close');
  expect(errors).toBe('');
  expect(code_).toBe(0);
  return output;
}

test('the ten calls of gpt-2-simple have counterparts that work as documented', async () => {
  const calls = examples.find((example) => example.includes('downloadModel'));
  const output = await run(calls!);
  const lines = output.trimEnd().split('\n');
  expect(lines).toEqual([
    'fetched openai-community/gpt2 at 01234567',
    expect.stringMatching(/^titles \d+ \d+ \d+$/),
    'trained 6 true',
    'generated 5',
    'written 3',
    'restored true',
  ]);
  const [, train, validation, encoded] = lines[1]!.split(' ').map(Number);
  expect(train! + validation!).toBe(60);
  expect(encoded).toBe(train);
  const written = readFileSync(join(folder, 'titles.txt'), 'utf8');
  expect(written.split(`${'='.repeat(20)}\n`)).toHaveLength(4);
});

test('texts come from an async iterator, as the first example shows', async () => {
  const lines = (await run(examples[0]!)).trimEnd().split('\n');
  const numbers = lines.filter((line) => /^\d+ Why do/.test(line)).map((line) => Number.parseInt(line, 10));
  expect(numbers.sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
});

test('titles are scored as the example shows', async () => {
  const example = examples.find((text) => text.includes('scoreTitles'))!;
  expect(await run(example)).toMatch(
    /^\d+\.\d\d What is the best cheese\?\n\d+\.\d\d Who knows why\?\nall 2 true\n$/,
  );
});
