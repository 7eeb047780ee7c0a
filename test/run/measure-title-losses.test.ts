import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { InterruptedError } from '../../src/common/errors.js';
import { silentContext } from '../../src/common/progress.js';
import type { FinetuneCounts } from '../../src/common/stage-counts.js';
import { bitsPerByte, type TitleLosses } from '../../src/common/title-losses.js';
import type { SplitTitles } from '../../src/data/title-split.js';
import { formatCsvRecord } from '../../src/io/csv.js';
import { NGramModel } from '../../src/model/scoring/n-gram-model.js';
import { restrictedTokenizer } from '../../src/model/tokenizer/restricted.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import type { StageName } from '../../src/options/choices.js';
import type { RunOptions } from '../../src/options/option-table.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { readTitleLosses } from '../../src/pipeline/run/title-losses-file.js';
import { readDatasetTitles, runDataset } from '../../src/pipeline/stages/dataset.js';
import { runFinetune } from '../../src/pipeline/stages/finetune.js';
import type { StageJob, StageWorkContext } from '../../src/pipeline/stages/stage.js';
import { thinned } from '../../src/run/measure-title-losses.js';
import { madeUpTitles } from '../cli/titles.js';
import { titlesOf } from '../model/scoring/titles-of.js';
import { temporaryFolder } from '../model/transformer/fixtures.js';

const folder = temporaryFolder();
const options: RunOptions = {
  ...defaultOptions(),
  model: 'scratch',
  width: 16,
  layers: 1,
  heads: 2,
  steps: 6,
  evaluateEvery: 2,
  batchSize: 2,
  learningRate: 1e-2,
  warmupSteps: 0,
  sampleEvery: 0,
  threads: 1,
};
const quiet: StageWorkContext = { ...silentContext, begin: async () => {} };

/** The job of a stage in a run. @param work where it writes. */
function jobOf(run: string, stage: StageName, others: Partial<RunOptions> = {}, work = run): StageJob {
  const places = { folder: join(folder, run), work: join(folder, work), preparation: join(folder, work) };
  const decisions = { model: { choice: 'scratch', reason: 'of the test' } };
  const begins = { beginsWithCheckpoint: work !== run, startOver: false, resume: false };
  return {
    stage,
    ...places,
    runName: run,
    options: { ...options, ...others },
    decisions,
    counts: {},
    ...begins,
  };
}

/** Makes a run whose dataset is ready. */
async function prepare(run: string, others: Partial<RunOptions> = {}): Promise<void> {
  mkdirSync(join(folder, run));
  const records = madeUpTitles(150).map((title) => [`${title} 🐈`, 'cats']);
  const csv = [['title', 'subreddit'], ...records].map(formatCsvRecord).join('');
  writeFileSync(join(folder, run, 'titles.csv'), csv);
  await runDataset(jobOf(run, 'dataset', others), quiet);
}

const lossesOf = async (run: string): Promise<TitleLosses> => (await readTitleLosses(join(folder, run)))!;
const bytesOf = (run: string, name: string): Buffer => readFileSync(join(folder, run, name));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

let counts: FinetuneCounts;
let losses: TitleLosses;
let titles: SplitTitles;
beforeAll(async () => {
  await prepare('run');
  counts = await runFinetune(jobOf('run', 'finetune'), quiet);
  losses = await lossesOf('run');
  titles = await readDatasetTitles(join(folder, 'run'));
});

describe('a training from scratch', () => {
  test('leaves the losses of all held-out titles, and of as many to train on, spread over them', () => {
    const { heldOut, training } = losses;
    expect(heldOut).toMatchObject({ of: titles.validation.length, titles: [...titles.validation.keys()] });
    const count = titles.validation.length;
    expect(training).toMatchObject({ of: titles.train.length });
    expect(training.titles).toHaveLength(count);
    for (const [stretch, title] of training.titles.entries()) {
      expect(title).toBeGreaterThanOrEqual(Math.floor((stretch * titles.train.length) / count));
      expect(title).toBeLessThan(Math.floor(((stretch + 1) * titles.train.length) / count));
    }
    expect(losses.seed).toBe(options.seed);
    expect(losses.baselineTitles).toBe(titles.train.length);
    for (const [scored, all] of [
      [heldOut, titles.validation],
      [training, titles.train],
    ] as const)
      expect(scored.bytes).toEqual(scored.titles.map((title) => Buffer.byteLength(all[title]!)));
  });

  test('of the weights that were kept: their mean is the loss that training found them best by', () => {
    const { heldOut, step } = losses;
    expect(step).toBe(counts.bestStep);
    expect(step).toBeGreaterThan(0);
    expect(Math.abs(sum(heldOut.model) / sum(heldOut.tokens) - counts.bestValidationLoss)).toBeLessThan(1e-4);
    expect(counts.bitsPerByte).toEqual(bitsPerByte(losses));
  });

  test('and of what they are measured against', () => {
    const { heldOut, start, vocabularySize } = losses;
    const tokenizer = restrictedTokenizer(titles.train);
    const tokensOf = (list: readonly string[]) =>
      tokenizeTitles(list, tokenizer, { maximumTokens: 63 }).titles;
    const [train, validation] = [tokensOf(titles.train), tokensOf(titles.validation)];
    expect(vocabularySize).toBe(tokenizer.vocabularySize);
    expect(heldOut.tokens).toEqual(heldOut.titles.map((title) => validation.tokensOf(title).length + 1));
    const { training } = losses;
    for (const [order, scored, found, all] of [
      [1, heldOut, heldOut.unigram, validation],
      [3, heldOut, heldOut.trigram, validation],
      [1, training, training.unigram!, train],
    ] as const) {
      const model = NGramModel.train(train, order, tokenizer);
      for (const [index, title] of scored.titles.entries())
        expect(Math.abs(found[index]! - model.nats(all.tokensOf(title)))).toBeLessThan(1e-4);
    }
    for (const [index, tokens] of training.tokens.entries())
      expect(training.start![index]).toBeCloseTo(tokens * Math.log(vocabularySize), 3);
    expect(start).toBe('untrained');
    // What random weights are taken to have is what training measured of them, but for some hundredths.
    expect(Math.abs(sum(heldOut.start) / sum(heldOut.tokens) - counts.initialValidationLoss)).toBeLessThan(
      0.05,
    );
    const { unigram, trigram } = bitsPerByte(losses);
    expect(trigram).toBeLessThan(unigram);
    expect(unigram).toBeLessThan(bitsPerByte(losses).start);
  });
});

/** Asks to stop once titles are scored; counts the training steps until then. */
function stopWhileScoring(): StageWorkContext & { readonly steps: () => number } {
  let [steps, stops] = [0, false];
  return {
    ...quiet,
    steps: () => steps,
    onProgress: (event) => {
      if (event.kind !== 'progress') return;
      if (event.label === 'train') steps++;
      if (event.label === 'score titles') stops = true;
    },
    signal: {
      get aborted() {
        return stops;
      },
    },
  };
}

test.each([
  ['its steps', { steps: 6 }, 6],
  ['patience', { steps: 40, learningRate: 1, evaluateEvery: 1, patience: 1 }, 8],
] as const)(
  'stopped while it scores, after %s were up, ends with the bytes of one that was not',
  async (_, given, most) => {
    const [whole, stopped] = [`whole-${most}`, `stopped-${most}`];
    for (const run of [whole, stopped]) await prepare(run);
    await runFinetune(jobOf(whole, 'finetune', given), quiet);
    const first = stopWhileScoring();
    await expect(runFinetune(jobOf(stopped, 'finetune', given), first)).rejects.toThrow(InterruptedError);
    expect(existsSync(join(folder, stopped, 'title-losses.json'))).toBe(false);
    expect(first.steps()).toBeGreaterThan(0);
    expect(first.steps()).toBeLessThanOrEqual(most);
    const again = { ...stopWhileScoring(), signal: silentContext.signal };
    await runFinetune({ ...jobOf(stopped, 'finetune', given), resume: true }, again);
    expect(again.steps()).toBe(0);
    for (const name of [
      'title-losses.json',
      'checkpoint/model.safetensors',
      'checkpoint/optimizer.safetensors',
    ])
      expect(bytesOf(stopped, name).equals(bytesOf(whole, name)), name).toBe(true);
  },
);

describe('a training of a model that had learned before', () => {
  test('scores that, too', async () => {
    await runFinetune(jobOf('run', 'finetune', { steps: 4 }, 'further'), quiet);
    const { start, step, heldOut, training } = await lossesOf('further');
    expect(start).toBe('pretrained');
    expect(step).toBeGreaterThan(0);
    expect(heldOut.start).toEqual(losses.heldOut.model);
    // The same seed chooses the same training titles.
    expect(training.start).toEqual(losses.training.model);
    expect(sum(heldOut.model)).toBeLessThan(sum(heldOut.start));
  });

  test('that nothing made better has its losses twice', async () => {
    await runFinetune(jobOf('run', 'finetune', { steps: 2, learningRate: 1 }, 'worse'), quiet);
    const { step, heldOut } = await lossesOf('worse');
    expect(step).toBe(0);
    expect(heldOut.model).toEqual(losses.heldOut.model);
    expect(heldOut.start).toEqual(heldOut.model);
  });
});

test('of prompted titles, what stands behind the prompt counts alone', async () => {
  const conditioned = { condition: ['subreddit', 'keywords'], subreddit: ['cats'] } as const;
  await prepare('prompted', conditioned);
  await runFinetune(jobOf('prompted', 'finetune', conditioned), quiet);
  const { heldOut, training } = await lossesOf('prompted');
  const own = await readDatasetTitles(join(folder, 'prompted'));
  const bytes = (list: readonly string[]): number[] => list.map((title) => Buffer.byteLength(title));
  expect(heldOut.bytes).toEqual(bytes(own.validation));
  expect(training.bytes).toEqual(bytes(training.titles.map((title) => own.train[title]!)));
  // The tokens of a title, and the n-gram models of titles, are the same without prompts, but for the ids.
  const tokenizer = restrictedTokenizer([...own.train, ...own.validation]);
  const tokensOf = (list: readonly string[]) => tokenizeTitles(list, tokenizer, { maximumTokens: 63 }).titles;
  const [train, validation] = [tokensOf(own.train), tokensOf(own.validation)];
  const { vocabularySize } = await lossesOf('prompted');
  const model = NGramModel.train(train, 3, {
    ...tokenizer,
    vocabularySize,
    endOfTextId: tokenizer.endOfTextId,
  });
  for (const [index, nats] of heldOut.trigram.entries()) {
    expect(heldOut.tokens[index]).toBe(validation.tokensOf(index).length + 1);
    expect(Math.abs(nats - model.nats(validation.tokensOf(index)))).toBeLessThan(1e-4);
  }
});

test('of too many titles, evenly spread ones are what n-gram models are trained on', () => {
  const texts = Array.from({ length: 100 }, (_, title) => [title, title, title]);
  const few = thinned(titlesOf(texts), 60);
  const numbers = Array.from({ length: few.offsets.length - 1 }, (_, title) => [...few.tokensOf(title)]);
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, title) => [5 * title, 5 * title, 5 * title]));
  expect([...few.offsets]).toEqual(Array.from({ length: 21 }, (_, title) => 3 * title));
});

test('a run without losses has none, and one with damaged ones says so in one line', async () => {
  expect(await readTitleLosses(join(folder, 'none'))).toBeUndefined();
  const path = join(folder, 'whole-6', 'title-losses.json');
  writeFileSync(path, '{"formatVersion": 1');
  await expect(readTitleLosses(join(folder, 'whole-6'))).rejects.toThrow(
    `${path} is damaged: it is not JSON.`,
  );
  rmSync(path);
});
