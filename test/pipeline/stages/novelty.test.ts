import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { firstDraw } from '../../../src/common/judgement.js';
import { silentContext } from '../../../src/common/progress.js';
import { overfitStatistics } from '../../../src/dedupe/verdict/statistics.js';
import { formatCsvRecord } from '../../../src/io/csv.js';
import type { StageName } from '../../../src/options/choices.js';
import type { RunOptions } from '../../../src/options/option-table.js';
import { defaultOptions } from '../../../src/options/option-values.js';
import { readJudgement } from '../../../src/pipeline/run/judgement-file.js';
import { runDataset } from '../../../src/pipeline/stages/dataset.js';
import { runDedupe } from '../../../src/pipeline/stages/dedupe.js';
import { runFinetune } from '../../../src/pipeline/stages/finetune.js';
import { generateFromModel, runGenerate } from '../../../src/pipeline/stages/generate.js';
import { readGenerated } from '../../../src/pipeline/stages/generated-file.js';
import type { StageJob, StageWorkContext } from '../../../src/pipeline/stages/stage.js';
import { madeUpTitles } from '../../cli/titles.js';
import { temporaryFolder } from '../../model/transformer/fixtures.js';

const folder = temporaryFolder();
/** A tiny model that learns most of its titles by heart. */
const options: RunOptions = {
  ...defaultOptions(),
  model: 'scratch',
  width: 48,
  layers: 1,
  heads: 2,
  steps: 110,
  evaluateEvery: 110,
  batchSize: 4,
  learningRate: 1e-2,
  warmupSteps: 0,
  sampleEvery: 0,
  validationShare: 0.3,
  threads: 1,
  nsamples: 60,
  length: 24,
  temperature: 1,
};
const quiet: StageWorkContext = { ...silentContext, begin: async () => {} };

function jobOf(run: string, stage: StageName, others: Partial<RunOptions> = {}): StageJob {
  const places = { folder: join(folder, run), work: join(folder, run), preparation: join(folder, run) };
  const decisions = { model: { choice: 'scratch', reason: 'of the test' } };
  const begins = { beginsWithCheckpoint: false, startOver: false, resume: false };
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

const generated = () => readGenerated(join(folder, 'run', 'generated.jsonl'));
const judge = async () => {
  await runDedupe(jobOf('run', 'dedupe'), quiet);
  return readJudgement(join(folder, 'run'));
};

beforeAll(async () => {
  mkdirSync(join(folder, 'run'));
  const csv = [['title'], ...madeUpTitles(130).map((title) => [title])].map(formatCsvRecord).join('');
  writeFileSync(join(folder, 'run', 'titles.csv'), csv);
  writeFileSync(join(folder, 'run', 'run.json'), '{}');
  await runDataset(jobOf('run', 'dataset'), quiet);
  await runFinetune(jobOf('run', 'finetune'), quiet);
});

describe('--novel', () => {
  test('leaves no copy to refuse, and the verdict as it was', async () => {
    await runGenerate(jobOf('run', 'generate'), quiet);
    const [plain, usual] = [await generated(), await judge()];
    const copies = usual.verdicts.filter(({ copied }) => copied).length;
    expect(copies).toBeGreaterThan(8);
    expect(copies).toBeLessThan(56);

    const counts = await runGenerate(jobOf('run', 'generate', { novel: true }), quiet);
    const [texts, judged] = [await generated(), await judge()];
    expect(judged.verdicts.filter(({ copied, reason }) => copied || reason === 'held-out title')).toEqual([]);
    expect(counts.turnedAway!.titles).toBeGreaterThanOrEqual(copies);
    expect(counts.turnedAway!.draws).toBeGreaterThanOrEqual(counts.turnedAway!.titles);
    expect(texts.map(({ text, turnedAway }) => turnedAway?.first ?? text)).toEqual(
      plain.map(({ text }) => text),
    );

    const statistics = ({ verdicts, heldOut, membership }: typeof usual) =>
      overfitStatistics(verdicts.map(firstDraw), heldOut, { membership });
    expect(statistics(judged)).toEqual(statistics(usual));
    expect(statistics(judged).outputs.copies.count).toBe(copies);
  });

  test('stopped and started again, ends with the bytes of one that was not', async () => {
    const path = join(folder, 'run', 'generated.jsonl');
    await runGenerate(jobOf('run', 'generate', { novel: true, slots: 8 }), quiet);
    const whole = readFileSync(path);
    rmSync(path);
    let texts = 0;
    const stopping: StageWorkContext = {
      ...quiet,
      onProgress: ({ kind }) => {
        if (kind === 'progress') texts++;
      },
      signal: {
        get aborted() {
          return texts > 20;
        },
      },
    };
    const job = jobOf('run', 'generate', { novel: true, slots: 8 });
    await expect(runGenerate(job, stopping)).rejects.toThrow(InterruptedError);
    await runGenerate({ ...job, resume: true }, quiet);
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  test('is refused of a model whose titles are not known', async () => {
    const texts = generateFromModel(join(folder, 'run', 'checkpoint'), { novel: true });
    await expect(texts.next()).rejects.toThrow(
      /^--novel compares with the titles of a run, and .* is a model without any\.$/,
    );
  });
});
