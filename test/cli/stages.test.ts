import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Finished, runCli, temporaryFolder } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

const folder = temporaryFolder();
const titles = madeUpTitles(200);

function writeTitles(list: readonly string[]): void {
  writeFileSync(join(folder, 'titles.csv'), toCsv(list));
}

function run(...extra: string[]): Promise<Finished> {
  const command = [
    'pipeline',
    '--source',
    'csv',
    '--input',
    'titles.csv',
    '--run-name',
    'made-up',
    '--until',
    'dataset',
  ];
  return runCli([...command, ...extra], folder);
}

/** Which stages were skipped, from what the run said. */
function skipped({ errors }: Finished): string[] {
  return [...errors.matchAll(/^(\w+) +skipped/gm)].map(([, stage]) => stage ?? '');
}

function read(name: string): string {
  return readFileSync(join(folder, 'runs/made-up', name), 'utf8');
}

describe('a stage', () => {
  beforeAll(async () => {
    writeTitles(titles);
    const first = await run();
    expect(first.errors).toContain('source: csv (named with --source)');
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('200 extracted, 200 kept') });
    expect(skipped(first)).toEqual([]);
  });

  test('is skipped when nothing changed', async () => {
    const before = read('run.json');
    const again = await run();
    expect(skipped(again)).toEqual(['extract', 'dataset']);
    expect(JSON.parse(read('run.json')).stages).toEqual(JSON.parse(before).stages);
  });

  test('is redone when an option of its own changed, not when one of a later stage did', async () => {
    expect(skipped(await run('--validation-share', '0.3'))).toEqual(['extract']);
    expect(skipped(await run('--validation-share', '0.3', '--nsamples', '7'))).toEqual([
      'extract',
      'dataset',
    ]);
    expect(skipped(await run())).toEqual(['extract']);
  });

  test('is redone when its input changed, and the next one only when that changed its files', async () => {
    writeTitles([...titles, 'short']);
    const dropped = await run();
    expect(dropped.output).toContain('201 extracted, 200 kept, 1 dropped');
    expect(skipped(dropped)).toEqual(['dataset']);
    writeTitles([...titles, 'A title that was not there before']);
    expect(skipped(await run())).toEqual([]);
    expect(read('dataset/train.txt') + read('dataset/validation.txt')).toContain('not there before');
    writeTitles(titles);
    expect(skipped(await run())).toEqual([]);
  });

  test.each(['dataset/train.txt', 'titles.csv'])(
    'is redone when its file %s was changed or removed',
    async (name) => {
      const content = read(name);
      writeFileSync(join(folder, 'runs/made-up', name), `${content}more`);
      expect((await run()).errors).toContain('its files were changed or removed');
      expect(read(name)).toBe(content);
      rmSync(join(folder, 'runs/made-up', name));
      expect((await run()).errors).toContain('its files were changed or removed');
      expect(read(name)).toBe(content);
    },
  );

  test('is redone by --overwrite', async () => {
    expect(skipped(await run('--overwrite'))).toEqual([]);
    expect(skipped(await run())).toEqual(['extract', 'dataset']);
  });

  test('on its own needs the stages before it', async () => {
    const finished = await runCli(['report', 'runs/made-up'], folder);
    expect(finished).toMatchObject({ code: 1, output: '' });
    expect(finished.errors).toMatch(/^Error: .*generated\.jsonl is missing, which the dedupe stage reads\./);
  });

  test('records what it did', async () => {
    await run();
    const manifest = JSON.parse(read('run.json'));
    expect(manifest).toMatchObject({
      formatVersion: 1,
      name: 'made-up',
      options: { limit: 16_000, input: ['titles.csv'], from: null },
      decisions: { source: { choice: 'csv', reason: 'named with --source' } },
      stages: { extract: { status: 'done', counts: { extracted: 200, kept: 200 } } },
    });
    // The dataset needs no model, so none was looked for.
    expect(manifest.decisions).not.toHaveProperty('model');
    expect(Object.keys(manifest.stages.dataset.outputs)).toEqual([
      'dataset/train.txt',
      'dataset/validation.txt',
    ]);
  });
});

describe('several subreddits', () => {
  const command = ['pipeline', '--source', 'sample', '--until', 'dataset', '--runs-dir', 'several'];

  test('one that fails does not take the others down', async () => {
    const finished = await runCli(
      [...command, '--subreddit', 'askreddit', 'nosuchplace', 'r/Showerthoughts'],
      folder,
    );
    expect(finished.code).toBe(1);
    expect(finished.errors).toMatch(/^nosuchplace: Error: /m);
    expect(finished.output).toMatch(/^askreddit: done in/m);
    expect(finished.output).toMatch(/^showerthoughts: done in/m);
    expect(finished.output).toMatch(/^2 of 3 runs done; failed: nosuchplace$/m);
  });

  test('all done is exit code 0; --json says it in lines of JSON', async () => {
    const finished = await runCli(
      [...command, '--json', '--subreddit', 'askreddit', 'showerthoughts'],
      folder,
    );
    expect(finished.code).toBe(0);
    const lines = finished.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const results = lines.filter(({ kind }) => kind === 'result');
    expect(results).toMatchObject([
      { run: 'askreddit', counts: { dataset: { train: expect.any(Number) } } },
      { run: 'showerthoughts' },
      { runs: 2, done: 2, failed: [] },
    ]);
  });
});
