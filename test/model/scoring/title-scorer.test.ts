import '@tensorflow/tfjs-backend-cpu';
import * as plainTfjs from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../src/common/errors.js';
import { silentContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import type { Engine } from '../../../src/model/engine/engine.js';
import { createTfjsEngine } from '../../../src/model/engine/tfjs.js';
import { scoringBatches } from '../../../src/model/scoring/scoring-batches.js';
import { causalMasks, scoringGraph } from '../../../src/model/scoring/scoring-graph.js';
import { TitleScorer } from '../../../src/model/scoring/title-scorer.js';
import { evaluationBatches } from '../../../src/model/training/batches.js';
import { evaluationGraph } from '../../../src/model/training/loss-graph.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { deviceUnderTest, testEngine } from '../test-engine.js';
import { oracle, oracleParameters } from '../transformer/oracle.js';
import { titlesOf } from './titles-of.js';

const { configuration, batch } = oracle;
const { vocabularySize, contextLength } = configuration;
const endOfTextId = 0;
const random = createRandom(11, 'titles');
const weights = storedWeights(oracleParameters());

/** Titles of all lengths that the context holds, none included. */
const texts = Array.from({ length: 90 }, (_, index) =>
  Uint16Array.from({ length: index % contextLength }, () => 1 + random.integer(vocabularySize - 1)),
);

/** Each with the number of titles it scores: TensorFlow.js is slow in plain JavaScript. */
const engines: readonly (readonly [string, () => Engine, number])[] = [
  [testEngine.name, () => testEngine, texts.length],
  ...(deviceUnderTest ? [] : [['tfjs cpu', () => createTfjsEngine(plainTfjs), 8] as const]),
];

async function score(
  engine: Engine,
  titles: readonly Uint16Array[],
  promptEnds?: ReadonlySet<number>,
): Promise<number[]> {
  const scorer = new TitleScorer(engine, { configuration, endOfTextId, promptEnds });
  const nats = await scorer.score(weights, titles, silentContext);
  await scorer.dispose();
  return nats;
}

/** The mean loss of titles as training computes it, and the number of tokens it is the mean of. */
async function trainingLoss(
  titles: readonly Uint16Array[],
  promptEnds?: ReadonlySet<number>,
): Promise<{ mean: number; tokens: number }> {
  const shape = { rows: 4, rowLength: contextLength };
  const program = await testEngine.compile(evaluationGraph(configuration, shape));
  const options = { batchSize: shape.rows, rowLength: shape.rowLength, endOfTextId, promptEnds };
  const loss = new Float32Array(1);
  let [sum, tokens] = [0, 0];
  const tokenized = titlesOf(titles.map((title) => [...title]));
  for (const { targetCount, titleCount: _, ...feeds } of evaluationBatches(tokenized, options)) {
    await program.run({ ...feeds, ...Object.fromEntries(oracleParameters().views) }, { loss });
    sum += loss[0]!;
    tokens += targetCount;
  }
  await program.dispose();
  return { mean: sum / tokens, tokens };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

describe.each(engines)('%s', (_, createEngine, count) => {
  const engine = createEngine();

  it("gives the losses of PyTorch's logits, token by token", async () => {
    // Texts of the oracle's batch begin where positions do; here each has a row of its own.
    const starts = batch.positionIds.flatMap((position, at) => (position === 0 ? [at] : []));
    const shape = { rows: starts.length, length: batch.rowLength };
    const [inputIds, targetIds, positionIds] = [0, 1, 2].map(() => new Int32Array(shape.rows * shape.length));
    const expected: number[][] = [];
    for (const [row, start] of starts.entries()) {
      const end = starts[row + 1] ?? batch.positionIds.length;
      inputIds!.set(batch.inputIds.slice(start, end), row * shape.length);
      targetIds!.set(batch.targetIds.slice(start, end), row * shape.length);
      positionIds!.set(batch.positionIds.slice(start, end), row * shape.length);
      expected.push(
        batch.targetIds.slice(start, end).map((target, index) => {
          const logits = oracle.logits.slice(
            (start + index) * vocabularySize,
            (start + index + 1) * vocabularySize,
          );
          return Math.log(total(logits.map(Math.exp))) - logits[target]!;
        }),
      );
    }
    const program = await engine.compile(scoringGraph(configuration, shape));
    const losses = new Float32Array(shape.rows * shape.length);
    const tokens = { inputIds: inputIds!, targetIds: targetIds!, positionIds: positionIds! };
    const parameters = Object.fromEntries(oracleParameters().views);
    await program.run({ ...tokens, attentionMask: causalMasks(shape), ...parameters }, { losses });
    await program.dispose();
    for (const [row, list] of expected.entries()) {
      for (const [index, loss] of list.entries())
        expect(Math.abs(losses[row * shape.length + index]! - loss)).toBeLessThan(2e-5);
    }
  });

  it('gives the loss that training computes, of all titles and of one', async () => {
    const titles = texts.slice(-count);
    const nats = await score(engine, titles);
    const { mean, tokens } = await trainingLoss(titles);
    expect(tokens).toBe(total(titles.map(({ length }) => length + 1)));
    expect(Math.abs(total(nats) / tokens - mean)).toBeLessThan(1e-5);
    for (const title of [0, 5, count - 1]) {
      const one = await trainingLoss([titles[title]!]);
      expect(Math.abs(nats[title]! / one.tokens - one.mean)).toBeLessThan(1e-5);
    }
  });
});

it('counts what stands behind a prompt alone, as training does', async () => {
  const promptEnds = new Set([5, 6]);
  const nats = await score(testEngine, texts, promptEnds);
  const { mean, tokens } = await trainingLoss(texts, promptEnds);
  expect(tokens).toBeLessThan(total(texts.map(({ length }) => length + 1)));
  expect(Math.abs(total(nats) / tokens - mean)).toBeLessThan(1e-5);
});

describe('batches', () => {
  const sizes = { ...configuration, contextLength: 1024, vocabularySize: 50_257 };
  const positions = texts.map((_, index) => 1 + ((index * 37) % 1024));

  it('hold every title once, within 64 MB of logits or alone', () => {
    const batches = scoringBatches(positions, sizes);
    expect(batches.flatMap(({ titles }) => titles).sort((a, b) => a - b)).toEqual([...positions.keys()]);
    for (const { shape, titles } of batches) {
      expect(titles.length).toBeLessThanOrEqual(shape.rows);
      expect(Math.max(...titles.map((title) => positions[title]!))).toBeLessThanOrEqual(shape.length);
      expect(shape.length).toBeLessThanOrEqual(1024);
      if (shape.rows > 1)
        expect(4 * shape.rows * shape.length * sizes.vocabularySize).toBeLessThanOrEqual(2 ** 26);
    }
  });

  it('of ordinary titles have few shapes, and little padding', () => {
    const ordinary = Array.from({ length: 500 }, () => 5 + Math.floor(30 * random.uniform() ** 2));
    const batches = scoringBatches(ordinary, { ...sizes, vocabularySize: 4500 });
    const shapes = batches.map(({ shape }) => shape);
    expect(new Set(shapes.map(({ length }) => length)).size).toBeLessThanOrEqual(5);
    const computed = total(shapes.map(({ rows, length }) => rows * length));
    expect(computed / total(ordinary)).toBeLessThan(1.5);
  });
});

it('stops between batches, and reports each', async () => {
  const done: number[] = [];
  const scorer = new TitleScorer(testEngine, { configuration, endOfTextId });
  const stopping = scorer.score(weights, texts, {
    onProgress: (event) => void (event.kind === 'progress' && done.push(event.done)),
    signal: {
      get aborted() {
        return done.length === 2;
      },
    },
  });
  await expect(stopping).rejects.toBeInstanceOf(InterruptedError);
  await scorer.dispose();
  expect(done).toHaveLength(2);
  expect(done[1]!).toBeLessThan(texts.length);
});
