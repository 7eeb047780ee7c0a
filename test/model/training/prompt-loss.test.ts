import { expect, test } from 'vitest';
import type { TokenizedTitles } from '../../../src/model/tokenizer/tokenized-titles.js';
import { type Batch, BatchStream, evaluationBatches } from '../../../src/model/training/batches.js';
import { evaluationGraph } from '../../../src/model/training/loss-graph.js';
import { testEngine as engine } from '../test-engine.js';
import { forwardLogits } from '../transformer/forward-logits.js';
import { oracle, oracleParameters } from '../transformer/oracle.js';

const tab = 5;
const promptEnds = new Set([tab]);
const endOfTextId = 0;
const { configuration } = oracle;
const options = { batchSize: 2, rowLength: 12, endOfTextId, promptEnds };

/** A prompt of two parts, a prompt of one, none, and a prompt alone. */
const texts = [
  [3, 4, tab, 8, tab, 6, 7, 2],
  [9, tab, 6, 2],
  [4, 9, 6],
  [3, tab],
] as const;
/** Of each, the tokens behind its last tab. */
const learnedFrom = [5, 2, 0, 2];

const titles: TokenizedTitles = {
  offsets: Uint32Array.from({ length: texts.length + 1 }, (_, index) => texts.slice(0, index).flat().length),
  tokensOf: (title) => Uint16Array.from(texts[title]!),
};

/** Sum of the negative log-likelihoods of a text's tokens and its end, from the token `from` on: nats. */
async function negativeLogLikelihood(text: readonly number[], from: number): Promise<number> {
  const { vocabularySize } = configuration;
  const logits = await forwardLogits(configuration, oracleParameters(), [endOfTextId, ...text]);
  let sum = 0;
  for (const [position, target] of [...text, endOfTextId].entries()) {
    if (position < from) continue;
    const scores = logits.subarray(position * vocabularySize, (position + 1) * vocabularySize);
    sum += Math.log(scores.reduce((total, score) => total + Math.exp(score), 0)) - scores[target]!;
  }
  return sum;
}

async function lossOf(batches: readonly Batch[]): Promise<number> {
  const shape = { rows: options.batchSize, rowLength: options.rowLength };
  const program = await engine.compile(evaluationGraph(configuration, shape));
  const loss = new Float32Array(1);
  let [sum, targets] = [0, 0];
  for (const { targetWeights, targetCount, titleCount, ...feeds } of batches) {
    const weights = targetWeights.map((weight) => weight / targetCount);
    const parameters = Object.fromEntries(oracleParameters().views);
    await program.run({ ...feeds, targetWeights: weights, ...parameters }, { loss });
    sum += loss[0]! * targetCount;
    targets += targetCount;
  }
  await program.dispose();
  return sum / targets;
}

test('the loss is that of the titles behind their prompts, which are read', async () => {
  const batches = [...evaluationBatches(titles, options)];
  const learned = texts.map((text, index) => text.length + 1 - learnedFrom[index]!);
  const count = learned.reduce((sum, each) => sum + each, 0);
  expect(batches.reduce((sum, { targetCount }) => sum + targetCount, 0)).toBe(count);
  const sums = await Promise.all(
    texts.map((text, index) => negativeLogLikelihood(text, learnedFrom[index]!)),
  );
  const plain = sums.reduce((sum, each) => sum + each, 0) / count;
  expect(Math.abs((await lossOf(batches)) - plain)).toBeLessThan(1e-5);
  // Without the mask it is the loss of prompts, too.
  const whole = [...evaluationBatches(titles, { ...options, promptEnds: undefined })];
  expect(Math.abs((await lossOf(whole)) - plain)).toBeGreaterThan(1e-3);
});

test('what is trained on leaves prompts out, too, and shows them to the title', () => {
  const stream = new BatchStream(titles, { ...options, batchSize: 1, rowLength: 23, seed: 1 });
  const { targetIds, targetWeights, inputIds, positionIds, targetCount } = stream.batch(0);
  expect(targetCount).toBe(3 + 1 + 2 + 1 + 3 + 1 + 0 + 1);
  const seen = texts.map((text) => {
    const start = [...inputIds].findIndex(
      (_, at) => positionIds[at] === 0 && text.every((token, index) => inputIds[at + 1 + index] === token),
    );
    return [...targetWeights.subarray(start, start + text.length + 1)];
  });
  expect(seen).toEqual(
    texts.map((text, index) => [...text, endOfTextId].map((_, at) => (at < learnedFrom[index]! ? 0 : 1))),
  );
  expect(targetIds).toHaveLength(23);
});
