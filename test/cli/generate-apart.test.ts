import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/io/package-root.js';
import { fixtureFolder } from '../model/transformer/fixtures.js';
import { copyRun, makeTemplate, treeOf } from './finished-run.js';
import { lastLine, runCli, temporaryFolder } from './run-cli.js';

const folder = temporaryFolder();
let run = '';
beforeAll(async () => {
  await makeTemplate(folder);
  run = copyRun(folder, 'apart');
});

const print = (...flags: string[]) => runCli(['generate', run, '--print-only', ...flags], folder);

/** Runs a command whose output is closed once something of it was read. */
function closeAfterFirst(words: readonly string[]): Promise<{ code: number | null; errors: string }> {
  const child = spawn(process.execPath, [join(packageRoot, 'dist/cli.js'), ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, errors })));
}

describe('generate --print-only', () => {
  test('leaves every byte of the run as it is, and says the seed that gives the same titles', async () => {
    const before = treeOf(join(folder, run));
    const first = await print('--nsamples', '5');
    expect(first.code, first.errors).toBe(0);
    expect(first.output.split(`${'='.repeat(20)}\n`)).toHaveLength(6);
    const seed = /--seed (\d+) gives the same titles again/.exec(first.errors)?.[1];
    const again = await print('--nsamples', '5', '--seed', seed!);
    expect(again.output).toBe(first.output);
    expect(again.errors).not.toContain('drawn');
    const other = await print('--nsamples', '5');
    expect(other.output).not.toBe(first.output);
    expect(treeOf(join(folder, run))).toEqual(before);
  });

  test("prints the run's own titles by its seed, with the options that they were generated with", async () => {
    const { output } = await print('--nsamples', '8', '--seed', '1', '--json');
    const texts = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => kind === 'result')
      .map(({ kind: _, ...text }) => text);
    const lines = readFileSync(join(folder, run, 'generated.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(texts).toEqual(lines.map((line) => JSON.parse(line)));
  });

  test('with the prefix left out a title does not begin with white space', async () => {
    const flags = ['--nsamples', '6', '--seed', '2', '--prefix', 'Who'];
    const [whole, rest] = [await print(...flags), await print(...flags, '--include-prefix', 'false')];
    const titlesOf = (output: string): string[] => output.split(`\n${'='.repeat(20)}\n`).slice(0, -1);
    expect(rest.errors).toMatch(/^model: that of runs\/apart, which stays as it is\ndevice: /);
    expect(titlesOf(rest.output)).toEqual(
      titlesOf(whole.output).map((title) => title.slice('Who'.length).trimStart()),
    );
  });

  test('is refused beside --overwrite', async () => {
    const refused = await print('--overwrite');
    expect(refused.code).toBe(2);
    expect(lastLine(refused)).toMatch(/--print-only and --overwrite are given/);
  });
});

describe('an output that nobody reads any more', () => {
  test('ends a command that prints without a word', async () => {
    const words = ['generate', fixtureFolder('float32'), '--length', '8', '--nsamples', '100000'];
    const { code, errors } = await closeAfterFirst(words);
    expect(code).toBe(141);
    expect(errors).not.toMatch(/error|interrupted|stopping/i);
  });

  test('leaves a stage that is no training to go on to its end', async () => {
    const added = copyRun(folder, 'unread');
    const { code, errors } = await closeAfterFirst(['generate', added, '--nsamples', '3', '--json']);
    expect(code).toBe(141);
    expect(errors).toBe('');
    const { stages } = JSON.parse(readFileSync(join(folder, added, 'run.json'), 'utf8'));
    expect(stages.generate.status).toBe('done');
    expect(stages.generate.counts.generated).toBe(11);
  });
});
