import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { collect } from '../../../src/common/collect.js';
import { type ProgressEvent, type ProgressListener, silentContext } from '../../../src/common/progress.js';
import { keywordsOf } from '../../../src/data/conditioning.js';
import { readTrainedCondition } from '../../../src/data/trained-condition.js';
import { formatCsvRecord } from '../../../src/io/csv.js';
import type { GeneratedText } from '../../../src/model/generation/sequence.js';
import type { StageName } from '../../../src/options/choices.js';
import type { RunOptions } from '../../../src/options/option-table.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { exportModel } from '../../../src/pipeline/export-model.js';
import { generateFromModel } from '../../../src/pipeline/generate-apart.js';
import { runDataset } from '../../../src/pipeline/stages/dataset.js';
import { runFinetune } from '../../../src/pipeline/stages/finetune.js';
import { runGenerate } from '../../../src/pipeline/stages/generate.js';
import { trainedCondition } from '../../../src/pipeline/stages/model-condition.js';
import type { StageJob } from '../../../src/pipeline/stages/stage.js';
import { decideOptions } from '../../../src/run/decided-options.js';
import { main as roundModel } from '../../../tools/base/round.js';
import { madeUpTitles } from '../../cli/titles.js';
import { failureLine } from '../../data/sources/helpers.js';
import { temporaryFolder } from '../../model/transformer/fixtures.js';

const folder = temporaryFolder();
const titles = madeUpTitles(120);
const options: RunOptions = {
  ...defaultOptions(),
  subreddit: ['cats', 'gamedev', 'unheard'],
  keepOut: ['askreddit'],
  condition: ['subreddit'],
  conditionShare: 0.5,
  model: 'scratch',
  width: 16,
  layers: 1,
  heads: 2,
  steps: 2,
  batchSize: 2,
  sampleEvery: 0,
  nsamples: 3,
  length: 8,
};
const quiet = { ...silentContext, begin: async () => {} };

function jobOf(stage: StageName, others: Partial<RunOptions> = {}): StageJob {
  const places = { folder, work: folder, preparation: folder };
  const decisions = { model: { choice: 'scratch', reason: 'of the test' } };
  const nothing = { decisions, counts: {}, beginsWithCheckpoint: false, startOver: false, resume: false };
  return { stage, ...places, runName: 'run', options: { ...options, ...others }, ...nothing };
}

const lines = (name: string): string[] =>
  ['train', 'validation'].flatMap((side) =>
    readFileSync(join(name, `dataset/${side}.txt`), 'utf8')
      .split('\n')
      .filter(Boolean),
  );

beforeAll(async () => {
  const records = titles.map((title, index) => [title, index % 2 === 0 ? 'cats' : 'gamedev']);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'titles.csv'),
    [['title', 'subreddit'], ...records].map(formatCsvRecord).join(''),
  );
});

test('some titles get their prompt, the others none, and how many is counted', async () => {
  const counts = await runDataset(jobOf('dataset'), quiet);
  const prompted = lines(folder).filter((line) => /^<\|startoftext\|>r\/(cats|gamedev)\t[^\t]+$/.test(line));
  const bare = lines(folder).filter((line) => !line.includes('\t'));
  expect(counts).toMatchObject({ prompted: prompted.length });
  expect(prompted.length + bare.length).toBe(titles.length);
  expect(Math.min(prompted.length, bare.length)).toBeGreaterThan(40);
  const all = await runDataset(
    jobOf('dataset', { conditionShare: undefined, condition: ['keywords'] }),
    quiet,
  );
  expect(all).not.toHaveProperty('prompted');
  const [first = ''] = lines(folder);
  const [, keywords, title] = /^<\|startoftext\|>([^\t]*)\t(.*)<\|endoftext\|>$/.exec(first)!;
  expect(keywords).toBe(keywordsOf(title!).join(', '));
});

test('a model trained so says what it knows, in its folder, and an export does', async () => {
  await runDataset(jobOf('dataset'), quiet);
  const warnings: string[] = [];
  const onProgress: ProgressListener = (event) => {
    if (event.kind === 'warning') warnings.push(event.message);
  };
  await runFinetune(jobOf('finetune'), { ...quiet, onProgress });
  expect(warnings).toEqual([
    'No title with a prompt to train on is of r/unheard: of 3 subreddits the model will know 2 by name.',
  ]);
  const condition = {
    names: ['subreddit'],
    share: 0.5,
    subreddits: ['cats', 'gamedev'],
    keptOut: ['askreddit'],
  };
  expect(await readTrainedCondition(join(folder, 'checkpoint'))).toEqual(condition);
  for (const format of ['huggingface', 'onnx'] as const) {
    const output = join(folder, format);
    await exportModel({ model: join(folder, 'checkpoint'), format, output });
    expect(await readTrainedCondition(output)).toEqual(condition);
  }
  const rounded = join(folder, 'rounded');
  await roundModel(['--from', join(folder, 'checkpoint'), '--to', rounded]);
  expect(await readTrainedCondition(rounded)).toEqual(condition);
});

test('such a folder writes for a subreddit, as the run does, without showing the prompt', async () => {
  const model = join(folder, 'huggingface');
  const textsOf = async (source: string, more: Partial<RunOptions>): Promise<string[]> =>
    (await collect(generateFromModel(source, { ...options, ...more }))).map(({ text }) => text);
  const named = await textsOf(model, { promptSubreddit: 'gamedev' });
  const spelt = await textsOf(model, { prefix: 'r/gamedev\t', includePrefix: false });
  // Behind a prefix that is left out, the white space is too.
  expect(named.map((text) => text.trimStart())).toEqual(spelt);
  expect(named).not.toEqual(await textsOf(model, { promptSubreddit: 'cats' }));
  await runGenerate(jobOf('generate', { promptSubreddit: 'gamedev' }), quiet);
  const generated = readFileSync(join(folder, 'generated.jsonl'), 'utf8').trim().split('\n');
  expect(generated.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual(named);
});

test('a subreddit it does not know is refused before anything is written', async () => {
  const ask = (promptSubreddit: string) => (): Promise<unknown> =>
    collect(generateFromModel(join(folder, 'checkpoint'), { ...options, promptSubreddit }));
  expect(await failureLine(ask('gamedv'))).toMatch(/checkpoint was not trained with .* mean r\/gamedev\?$/);
  expect(await failureLine(ask('unheard'))).toMatch(/It knows r\/cats and r\/gamedev\./);
  expect(await failureLine(ask('askreddit'))).toContain('kept out of training');
  const elsewhere = { ...jobOf('generate', { promptSubreddit: 'gamedv' }), work: join(folder, 'next') };
  expect(await failureLine(() => runGenerate(elsewhere, quiet))).toMatch(
    /The model of .* was not trained with/,
  );
  expect(existsSync(join(folder, 'next'))).toBe(false);
});

test('the base model that ships writes for communities by name, and says which are near one that it does not know', async () => {
  const ask = (promptSubreddit?: string): Promise<GeneratedText[]> =>
    collect(generateFromModel('base', { promptSubreddit, nsamples: 8, length: 12, temperature: 1, seed: 1 }));
  expect(await failureLine(() => ask('minecraf'))).toMatch(
    /^The base model does not know r\/minecraf: .* mean r\/minecraft/,
  );
  const texts = await ask('minecraft');
  expect(texts).toHaveLength(8);
  expect(texts).not.toEqual(await ask());
  expect(texts).not.toEqual(await ask('baking'));
});

test('a share of 1 is what is meant without one, and a smaller one trains otherwise', async () => {
  const of = (stage: StageName, conditionShare: number | undefined) =>
    decideOptions(stage, { ...options, keepOut: [], conditionShare }, { model: 'nano' });
  for (const stage of ['dataset', 'finetune'] as const) {
    expect(await of(stage, 1)).toEqual(await of(stage, undefined));
    expect(await of(stage, 0.5)).not.toEqual(await of(stage, 1));
  }
});

test('what the model began with has learned was not kept out', async () => {
  const events: string[] = [];
  const context = {
    onProgress: (event: ProgressEvent) => events.push('message' in event ? event.message : ''),
  };
  async function* prompted(): AsyncGenerator<string> {
    yield* ['r/cats\tOne', 'r/gamedev\tTwo', 'r/unheard\tThree'];
  }
  const start = { names: ['subreddit'], share: 1, subreddits: ['askreddit'], keptOut: [] } as const;
  const known = { ...options, keepOut: ['askreddit', 'pics'] };
  expect((await trainedCondition(known, prompted(), context, start))?.keptOut).toEqual(['pics']);
  expect(events).toEqual([
    'The model that training begins with was trained on r/askreddit: not said to be kept out.',
  ]);
  expect((await trainedCondition(known, prompted(), context))?.keptOut).toEqual(['askreddit', 'pics']);
});
