import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collect } from '../../src/common/collect.js';
import { readTitles } from '../../src/data/titles-file.js';
import { packageRoot } from '../../src/io/package-root.js';
import type { NumericArray } from '../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../src/model/engine/onnxruntime/cpu-engine.js';
import { gpt2Tokenizer } from '../../src/model/tokenizer/gpt2.js';
import { tokenizeTitles } from '../../src/model/tokenizer/tokenized-titles.js';
import { type Batch, BatchStream } from '../../src/model/training/batches.js';
import { learningRateAt } from '../../src/model/training/learning-rate.js';
import { gradientName, trainingGraph } from '../../src/model/training/loss-graph.js';
import {
  createTrainableModel,
  initializeModel,
  parameterFeeds,
  savedParameter,
} from '../../src/model/training/trainable-model.js';
import { HostTrainingState } from '../../src/model/training/training-state.js';
import { writeModelDescription, writeWeights } from '../../src/model/weights/checkpoint.js';
import { configurations } from '../shared/configurations.js';

/**
 * The loss of titlesmith and of PyTorch, step by step, from the same seeded random weights on the same batches of packed
 * titles: `npm run bench -- finetune/curve titles.csv --python python3 [--model 124M] [--steps 200] [--rows 4]`. Prints
 * every tenth step and the largest relative difference of all.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: '124M' },
    rows: { type: 'string', default: '4' },
    'row-length': { type: 'string', default: '64' },
    steps: { type: 'string', default: '200' },
    'learning-rate': { type: 'string', default: '3e-4' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    python: { type: 'string', default: 'python3' },
  },
});
const size = configurations[values.model];
const [file] = positionals;
if (!size || file === undefined) {
  throw new Error(`Name a CSV of titles, and a --model of ${Object.keys(configurations).join(', ')}.`);
}
const [rows, rowLength, steps, seed] = [values.rows, values['row-length'], values.steps, values.seed].map(
  Number,
) as [number, number, number, number];
const options = {
  rows,
  rowLength,
  steps,
  threads: Number(values.threads),
  learningRate: Number(values['learning-rate']),
  warmupSteps: Math.min(20, Math.floor(steps / 10)),
  weightDecay: 0.1,
  clipNorm: 1,
};

const tokenizer = gpt2Tokenizer();
const configuration = { ...size, vocabularySize: tokenizer.vocabularySize };
const limits = { maximumTokens: rowLength - 1 };
const { titles } = tokenizeTitles(await collect(readTitles(file)), tokenizer, limits);
const { endOfTextId } = tokenizer;
const stream = new BatchStream(titles, { batchSize: rows, rowLength, endOfTextId, seed });

/** What training of ours does with the batches; each is also written down. */
async function ourCurve(folder: string): Promise<number[]> {
  const engine = createOnnxRuntimeEngine({ threads: options.threads });
  const model = createTrainableModel(configuration, {
    loraRank: undefined,
    onlyTrainTransformerLayers: false,
  });
  await initializeModel(model, seed);
  await writeModelDescription(folder, configuration, tokenizer);
  await writeWeights(folder, configuration, (name) => savedParameter(model, name));
  const program = await engine.compile(trainingGraph(configuration, { rows, rowLength }));
  const state = await HostTrainingState.open(engine, model);
  const loss = new Float32Array(1);
  const results: Record<string, NumericArray> = { loss };
  for (const [name, view] of model.trained.gradients.views) results[gradientName(name)] = view;
  const batchFile = openSync(join(folder, 'batches.bin'), 'w');
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const batch = stream.batch(step);
    writeBatch(batchFile, batch);
    const { inputIds, positionIds, targetIds, attentionMask } = batch;
    const targetWeights = batch.targetWeights.map((weight) => weight / batch.targetCount);
    const feeds = { inputIds, positionIds, targetIds, attentionMask, targetWeights };
    await program.run({ ...feeds, ...parameterFeeds(model) }, results);
    const learningRate = learningRateAt(step, { ...options, totalSteps: steps, schedule: 'cosine' });
    await state.update({ ...options, step: step + 1, learningRate });
    losses.push(loss[0]!);
    if ((step + 1) % 10 === 0) process.stderr.write(`titlesmith step ${step + 1}: ${loss[0]!.toFixed(6)}\n`);
  }
  closeSync(batchFile);
  await state.dispose();
  await program.dispose();
  return losses;
}

function writeBatch(batchFile: number, batch: Batch): void {
  const { inputIds, positionIds, targetIds, targetWeights, attentionMask } = batch;
  for (const array of [inputIds, positionIds, targetIds, targetWeights, attentionMask]) {
    writeSync(batchFile, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
}

const folder = mkdtempSync(join(tmpdir(), 'titlesmith-curve-'));
try {
  const ours = await ourCurve(folder);
  writeFileSync(join(folder, 'curve.json'), JSON.stringify(options));
  const script = join(packageRoot, 'bench/peers/pytorch_curve.py');
  const peer = spawnSync(values.python, [script, folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (peer.status !== 0) throw new Error(`${values.python} ${script} failed`);
  const { name, losses: theirs } = JSON.parse(peer.stdout) as { name: string; losses: number[] };
  const difference = (step: number): number => Math.abs(ours[step - 1]! / theirs[step - 1]! - 1);
  const all = Array.from({ length: steps }, (_, index) => index + 1);
  process.stdout.write(
    `${values.model}, random weights, ${rows} × ${rowLength} tokens a step, seed ${seed}\n`,
  );
  process.stdout.write(`| step | titlesmith | ${name} | relative difference |\n| --- | --- | --- | --- |\n`);
  for (const step of all.filter((number) => number === 1 || number % 10 === 0)) {
    const [our, their] = [ours[step - 1]!, theirs[step - 1]!].map((loss) => loss.toFixed(5));
    process.stdout.write(`| ${step} | ${our} | ${their} | ${difference(step).toExponential(1)} |\n`);
  }
  const largest = all.reduce((worst, step) => (difference(step) > difference(worst) ? step : worst), 1);
  process.stdout.write(`Largest difference: ${difference(largest).toExponential(2)}, at step ${largest}.\n`);
} finally {
  rmSync(folder, { recursive: true });
}
