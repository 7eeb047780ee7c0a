import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { nanoConfiguration } from '../../src/model/transformer/configuration.js';
import { formatConfiguration } from '../../src/model/transformer/configuration-file.js';
import { baseFolder } from '../../src/model/weights/base-folder.js';
import { openServedModel } from '../../src/pipeline/open-served-model.js';
import { runCli, temporaryFolder } from './run-cli.js';
import { madeUpTitles, toCsv } from './titles.js';

const folder = temporaryFolder();
const run = 'runs/made-up';

function path(name: string): string {
  return join(folder, run, name);
}

function read(name: string): string {
  return readFileSync(path(name), 'utf8');
}

beforeAll(async () => {
  writeFileSync(join(folder, 'titles.csv'), toCsv(madeUpTitles(300)));
  const source = ['--source', 'csv', '--input', 'titles.csv', '--run-name', 'made-up', '--until', 'dataset'];
  expect((await runCli(['pipeline', ...source], folder)).code).toBe(0);
  const learned = read('dataset/train.txt')
    .split('\n')
    .slice(0, 40)
    .map((line) => line.replace(/<\|\w+\|>/g, ''));
  const records = learned.map((text, index) => ({
    index,
    text: index % 2 === 0 ? text : `Wholly new, number ${index}`,
    tokens: 9,
    finishReason: 'stop',
    seed: 1,
  }));
  writeFileSync(path('generated.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  mkdirSync(path('checkpoint'));
  writeFileSync(path('checkpoint/config.json'), formatConfiguration(nanoConfiguration(100), 0));
  writeFileSync(path('metrics.jsonl'), '{"step":1,"loss":2,"validationLoss":3}\n');
});

describe('the judgement', () => {
  test('is made by dedupe, and read by the report', async () => {
    const first = await runCli(['report', run], folder);
    expect(first.errors).toContain('judgement.json is not there yet: the dedupe stage runs first');
    expect(first.code).toBe(0);
    const report = JSON.parse(read('report.json'));
    const { rules, verdicts } = JSON.parse(read('judgement.json'));
    expect(report.rules).toEqual(rules);
    expect(report.verdicts.accepted).toBe(
      verdicts.filter(({ reason }: { reason?: string }) => reason === undefined).length,
    );
    expect(existsSync(path('accepted.txt'))).toBe(true);

    const written = statSync(path('judgement.json')).mtimeMs;
    rmSync(path('report.json'));
    const second = await runCli(['report', run], folder);
    expect(second.errors).not.toContain('dedupe');
    expect(JSON.parse(read('report.json'))).toEqual(report);
    expect(statSync(path('judgement.json')).mtimeMs).toBe(written);
  });

  test('gives serve its rules, as long as the titles are those it was made with', async () => {
    const rules = async () => {
      const { served } = await openServedModel(join(folder, run), { device: 'cpu' });
      return served.titles?.rules;
    };
    expect(await rules()).toEqual(JSON.parse(read('judgement.json')).rules);
    appendFileSync(path('dataset/train.txt'), '<|startoftext|>One more title<|endoftext|>\n');
    expect(await rules()).toBeUndefined();
  });

  test('of a model that began as the base model is one that serve tells base copies by', async () => {
    const baseCopies = async () => {
      const { served } = await openServedModel(join(folder, run), { device: 'cpu' });
      return served.titles?.baseCopies;
    };
    const own = read('checkpoint/config.json');
    expect(await baseCopies()).toBeUndefined();
    copyFileSync(join(baseFolder, 'config.json'), path('checkpoint/config.json'));
    expect(await baseCopies()).toBe('refused');
    writeFileSync(path('checkpoint/config.json'), own);
  });

  test('that was damaged is made anew', async () => {
    expect((await runCli(['dedupe', run], folder)).code).toBe(0);
    const manifest = JSON.parse(read('run.json'));
    expect(manifest.stages.dedupe.outputs).toHaveProperty(['judgement.json']);
    writeFileSync(path('judgement.json'), '{');
    const again = await runCli(['report', run], folder);
    expect(again.errors).toContain(
      'judgement.json is not of the run as it is now: the dedupe stage runs first',
    );
    expect(again.code).toBe(0);
  });

  test('is made without meaning by --no-semantic, also where the sentence model that was recorded is gone', async () => {
    const { options, ...manifest } = JSON.parse(read('run.json')) as { options: Record<string, unknown> };
    const recorded = { ...options, semantic: true, semanticModel: './gone/model', semanticThreshold: 0.8 };
    writeFileSync(path('run.json'), JSON.stringify({ ...manifest, options: recorded }));
    const gone = await runCli(['dedupe', run], folder);
    expect(gone.code).toBe(2);
    expect(gone.errors).toContain(
      '--semantic-model "./gone/model" is no folder and no Hugging Face id. Name a folder',
    );
    expect((await runCli(['dedupe', run, '--no-semantic'], folder)).code).toBe(0);
    const alone = await runCli(['dedupe', run, '--no-semantic', '--semantic-threshold', '0.8'], folder);
    expect(alone.code).toBe(2);
    expect(alone.errors).toContain('--semantic-threshold needs --semantic.');
  });
});
