import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { collect } from '../../src/common/collect.js';
import type { OverfitStatistics } from '../../src/common/judgement.js';
import { silentContext } from '../../src/common/progress.js';
import type { TitleLosses } from '../../src/common/title-losses.js';
import { splitTitles } from '../../src/data/title-split.js';
import { createTitleIndex } from '../../src/dedupe/comparison.js';
import { dedupe } from '../../src/dedupe/dedupe.js';
import { overfitStatistics } from '../../src/dedupe/verdict/statistics.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { encodeWords } from '../../src/model/tokenizer/gpt2.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import { train } from '../../src/model/training/training-loop.js';
import { planTraining } from '../../src/model/training/training-plan.js';
import { writeModelDescription, writeWeights } from '../../src/model/weights/checkpoint.js';
import { openSafetensorsModel } from '../../src/model/weights/safetensors.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { generate, loadModel } from '../../src/pipeline/library/model.js';
import { openStartingModel } from '../../src/pipeline/stages/starting-model.js';
import { TrainingFiles } from '../../src/pipeline/stages/training-files.js';
import { measureTitleLosses } from '../../src/run/measure-title-losses.js';
import { decideTrainingOptions } from '../../src/run/training-decision.js';
import { machine, table } from '../shared/figures.js';
import { readCorpus } from './corpora.js';

/**
 * The verdict along long trainings, from too short to far too long: at the passes named, the weights of that step write texts
 * and score titles, and the verdict is drawn as for a run. What a training made is kept in --folder, so that another verdict can be
 * tried on it, and a bench that was stopped goes on.
 *
 *     npm run bench -- dedupe/trainings --folder /tmp/trainings --titles askreddit.csv --titles worldnews.csv
 */
const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    titles: { type: 'string', multiple: true, default: [] },
    model: { type: 'string', multiple: true, default: ['nano', 'base'] },
    /** Passes over the training titles after which the weights are looked at. */
    passes: { type: 'string', default: '0.25,0.5,1,2,4,8,16,32' },
    nsamples: { type: 'string', default: '1000' },
    /** Titles taken of a file; 0: all. */
    count: { type: 'string', default: '1000' },
    threads: { type: 'string', default: '2' },
  },
});
const { folder } = values;
if (folder === undefined || values.titles.length === 0) throw new Error('--folder and --titles are needed.');
const passes = values.passes.split(',').map(Number);
const engine = createOnnxRuntimeEngine({ threads: Number(values.threads) });

/** What a model says and knows after so many passes. */
interface Snapshot {
  readonly pass: number;
  readonly step: number;
  readonly outputs: readonly string[];
  readonly losses: TitleLosses;
}

async function splitCorpus(path: string) {
  const count = Number(values.count);
  const { titles, repeatedTitles } = await readCorpus(path, count > 0 ? count : undefined);
  return { ...splitTitles(titles), repeatedTitles };
}

type Split = Awaited<ReturnType<typeof splitCorpus>>;

/** Trains until the last pass, and looks at the weights on the way. */
async function makeSnapshots(
  path: string,
  model: string,
  { train: shown, validation }: Split,
): Promise<void> {
  mkdirSync(path, { recursive: true });
  const { configuration, tokenizer, pretrained } = await openStartingModel(
    { choice: model, reason: 'named' },
    shown,
    {},
    silentContext,
  );
  const limits = { maximumTokens: configuration.contextLength - 1 };
  const tokenized = [shown, validation].map((titles) => tokenizeTitles(titles, tokenizer, limits));
  const data = { train: tokenized[0]!.titles, validation: tokenized[1]!.titles, tooLong: 0 };
  const decided = decideTrainingOptions(model, defaultOptions());
  const { rowsPerEpoch } = planTraining(data, configuration, decided);
  const stepOf = (pass: number): number => Math.max(1, Math.round((pass * rowsPerEpoch) / decided.batchSize));
  const stepsOf = new Map(passes.map((pass) => [stepOf(pass), pass]));
  const steps = Math.max(...stepsOf.keys());
  const options = {
    ...decided,
    steps,
    schedule: 'constant' as const,
    patience: undefined,
    evaluateEvery: Math.max(1, Math.round(steps / 40)),
  };
  const look = async (step: number, valuesOf: (name: string) => Float32Array) => {
    const pass = stepsOf.get(step);
    if (pass === undefined) return { samples: 0, copies: 0 };
    const weights = join(path, 'weights');
    rmSync(weights, { recursive: true, force: true });
    await writeModelDescription(weights, configuration, tokenizer);
    await writeWeights(weights, configuration, valuesOf);
    const losses = await measureTitleLosses(
      {
        engine,
        data,
        tokenizer,
        configuration,
        openKept: () => openSafetensorsModel(weights, configuration),
        step,
        pretrained,
        seed: 1,
      },
      silentContext,
    );
    const loaded = await loadModel(weights, { engine });
    const texts = await collect(generate(loaded, { nsamples: Number(values.nsamples), seed: 1 }));
    await loaded.dispose();
    const outputs = texts.sort((a, b) => a.index - b.index).map(({ text }) => text);
    writeFileSync(join(path, `${pass}.json`), JSON.stringify({ pass, step, outputs, losses }));
    process.stderr.write(`${basename(path)}: pass ${pass}, step ${step} of ${steps}\n`);
    return { samples: 0, copies: 0 };
  };
  const storage = new TrainingFiles({
    checkpointFolder: join(path, 'checkpoint'),
    metricsPath: join(path, 'metrics.jsonl'),
    eventsPath: undefined,
  });
  await train(
    {
      engine,
      data,
      tokenizer,
      configuration,
      pretrained,
      options,
      storage,
      samples: { every: 1, take: look },
    },
    silentContext,
  );
  await pretrained?.close();
  rmSync(join(path, 'checkpoint'), { recursive: true, force: true });
  rmSync(join(path, 'weights'), { recursive: true, force: true });
}

async function statisticsOf(
  { outputs, losses }: Snapshot,
  { train: shown, validation, repeatedTitles }: Split,
): Promise<OverfitStatistics> {
  const texts = outputs.map((text, index) => ({ index, text }));
  const judgement = await dedupe(texts, createTitleIndex(shown, encodeWords), { heldOut: validation });
  const { verdicts, heldOut, membership } = judgement;
  return overfitStatistics(verdicts, heldOut, { repeatedTitles, membership, losses });
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

process.stdout.write(`${machine()}\n`);
for (const model of values.model) {
  for (const file of values.titles) {
    const name = `${model}-${basename(file, '.csv')}`;
    const path = join(folder, name);
    const titles = await splitCorpus(file);
    if (!passes.every((pass) => existsSync(join(path, `${pass}.json`)))) {
      rmSync(path, { recursive: true, force: true });
      await makeSnapshots(path, model, titles);
    }
    const rows: (string | number)[][] = [];
    for (const pass of passes) {
      const snapshot = JSON.parse(readFileSync(join(path, `${pass}.json`), 'utf8')) as Snapshot;
      const { verdict, outputs, heldOut, measures, losses } = await statisticsOf(snapshot, titles);
      const told = losses!.toldApart!;
      rows.push([
        pass,
        losses!.bits.model.toFixed(3),
        losses!.gap.value.toFixed(3),
        `${told.value.toFixed(3)} (${told.low.toFixed(3)} to ${told.high.toFixed(3)})`,
        `${percent(outputs.copies.share)}, ${percent(heldOut.copies.share)}`,
        measures
          .filter(({ isSignificant }) => isSignificant)
          .map((measure) => measure.name)
          .join(', '),
        verdict,
      ]);
    }
    process.stdout.write(
      `\n${name}: ${titles.train.length} titles, ${titles.validation.length} held out\n\n`,
    );
    const columns = [
      'passes',
      'held-out bits a byte',
      'gap',
      'told apart',
      'copies, usual',
      'beyond chance',
      'verdict',
    ];
    process.stdout.write(table(columns, rows));
  }
}
