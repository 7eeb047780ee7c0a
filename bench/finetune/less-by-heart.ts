import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentContext } from '../../src/common/progress.js';
import { splitTitles } from '../../src/data/title-split.js';
import { wilsonShare } from '../../src/dedupe/verdict/proportions.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import { planTraining } from '../../src/model/training/training-plan.js';
import type { MetricsLine } from '../../src/model/training/training-storage.js';
import { defaultOptions } from '../../src/options/option-values.js';
import { finetune } from '../../src/pipeline/library/finetune.js';
import { openStartingModel } from '../../src/pipeline/stages/starting-model.js';
import { decideTrainingOptions } from '../../src/run/training-decision.js';
import { sampleJudge, trainingSamples } from '../../src/run/training-samples.js';
import { readCorpus } from '../dedupe/corpora.js';
import { machine, table } from '../shared/figures.js';

/**
 * Copies among samples, beside the held-out loss at the same step, of trainings that differ in one option. A training that is
 * done stays in --folder, so that a bench that was stopped goes on.
 *
 *     npm run bench -- finetune/less-by-heart --folder /tmp/heart --titles jokes.csv --model nano --passes 10 --looks 10 \
 *       --cell dropout=0 --cell dropout=0.1
 */
const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    titles: { type: 'string' },
    model: { type: 'string', default: 'nano' },
    passes: { type: 'string', default: '10' },
    /** An option of training and its value. */
    cell: { type: 'string', multiple: true, default: ['dropout=0', 'dropout=0.1', 'dropout=0.2'] },
    looks: { type: 'string', default: '10' },
    nsamples: { type: 'string', default: '400' },
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
  },
});
const { folder, titles: file, model } = values;
if (folder === undefined || file === undefined) throw new Error('--folder and --titles are needed.');
const [passes, looks, seed] = [values.passes, values.looks, values.seed].map(Number) as [
  number,
  number,
  number,
];
const engine = createOnnxRuntimeEngine({ threads: Number(values.threads) });
const corpus = await readCorpus(file, Number(values.count));
const titles = splitTitles(corpus.titles);

async function trainCell(cell: string): Promise<MetricsLine[]> {
  const name = [basename(file!, '.csv'), model, cell, values.passes, values.seed].join('-');
  const done = join(folder!, `${name}.jsonl`);
  if (!existsSync(done)) {
    const work = join(folder!, name);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    const decision = { choice: model, reason: 'of the bench' };
    const start = await openStartingModel(decision, titles.train, {}, silentContext);
    const { configuration, tokenizer, pretrained } = start;
    const limits = { maximumTokens: configuration.contextLength - 1 };
    const [train, validation] = [titles.train, titles.validation].map(
      (list) => tokenizeTitles(list, tokenizer, limits).titles,
    );
    const data = { train: train!, validation: validation! };
    const [option, value] = cell.split('=') as [string, string];
    const { sampleEvery: _, ...decided } = decideTrainingOptions(model, defaultOptions());
    const steps = Math.round(
      (passes * planTraining(data, configuration, decided).rowsPerEpoch) / decided.batchSize,
    );
    const every = Math.max(1, Math.round(steps / looks));
    const options = {
      ...decided,
      ...{ steps, seed, patience: undefined, evaluateEvery: every, saveEvery: steps, printEvery: steps },
      dropout: 0,
      [option]: Number(value),
    };
    const samples = trainingSamples(
      engine,
      { configuration, tokenizer, judge: () => sampleJudge(titles) },
      { keep: async () => {}, every, seed, texts: Number(values.nsamples), length: 64 },
    );
    const paths = { checkpointFolder: join(work, 'checkpoint'), metricsPath: join(work, 'metrics.jsonl') };
    const started = performance.now();
    await finetune({ engine, data, tokenizer, configuration, pretrained, ...paths, options, samples });
    await pretrained?.close();
    renameSync(paths.metricsPath, done);
    rmSync(work, { recursive: true });
    process.stderr.write(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  }
  const lines = readFileSync(done, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as MetricsLine).filter(({ samples }) => samples !== undefined);
}

mkdirSync(folder, { recursive: true });
process.stdout.write(`${machine()}\n\n`);
const rows: (string | number)[][] = [];
for (const cell of values.cell) {
  for (const { step, epoch, validationLoss, samples, copies } of await trainCell(cell)) {
    const { share, low, high } = wilsonShare(copies!, samples!);
    const [percent, from, to] = [share, low, high].map((one) => (100 * one).toFixed(1));
    rows.push([
      cell,
      step,
      epoch.toFixed(1),
      validationLoss!.toFixed(3),
      copies!,
      `${percent}% (${from} to ${to})`,
    ]);
  }
}
process.stdout.write(table(['option', 'step', 'passes', 'held-out loss', 'copies', 'share (95%)'], rows));
