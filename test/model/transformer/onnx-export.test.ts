import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { onnxGenerationModel } from '../../../src/model/transformer/onnx-graph.js';
import { storedWeights } from '../../../src/model/transformer/weight-source.js';
import { writeOnnxModel } from '../../../src/model/weights/onnx-folder.js';
import { emptyPast, expectGreedy, logitsAt, step } from './exported-model.js';
import { temporaryFolder } from './fixtures.js';
import { forwardLogits } from './forward-logits.js';
import { oracle, oracleParameters, relativeError } from './oracle.js';

const { configuration } = oracle;
const { layers, heads, width, vocabularySize } = configuration;

const folder = temporaryFolder();
const modelPath = join(folder, 'model.onnx');
let session: InferenceSession;
beforeAll(async () => {
  // A process has one environment of ONNX Runtime, made by whoever comes first; our engine needs its own kind.
  await ownLogits([[0]]);
  const weights = storedWeights(oracleParameters());
  await writeOnnxModel(modelPath, onnxGenerationModel(configuration), weights);
  session = await InferenceSession.create(modelPath);
});

/** Logits [V] after the last token of each text, by our own forward graph. */
async function ownLogits(texts: readonly number[][]): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  for (const text of texts) {
    logits.push((await forwardLogits(configuration, oracleParameters(), text)).slice(-vocabularySize));
  }
  return logits;
}

describe('the exported model in ONNX Runtime', () => {
  test('names its inputs and outputs as Hugging Face does', () => {
    const cache = (kind: string): string[] =>
      Array.from({ length: layers }, (_, layer) => [`${kind}.${layer}.key`, `${kind}.${layer}.value`]).flat();
    const inputs = ['input_ids', 'attention_mask', 'position_ids', ...cache('past_key_values')];
    expect(session.inputNames.toSorted()).toEqual(inputs.toSorted());
    expect(session.outputNames).toEqual(['logits', ...cache('present')]);
  });

  test('leaves open what is known only in a run, under the names that Hugging Face gives it', () => {
    const shapes = (values: readonly InferenceSession.ValueMetadata[]) =>
      Object.fromEntries(values.map((value) => [value.name, value.isTensor && [value.type, ...value.shape]]));
    const headWidth = width / heads;
    const inputs = shapes(session.inputMetadata);
    expect(inputs['input_ids']).toEqual(['int64', 'batch_size', 'sequence_length']);
    expect(inputs['position_ids']).toEqual(['int64', 'batch_size', 'sequence_length']);
    expect(inputs['attention_mask']).toEqual(['int64', 'batch_size', 'total_sequence_length']);
    const past = ['float32', 'batch_size', heads, 'past_sequence_length', headWidth];
    expect(inputs['past_key_values.1.value']).toEqual(past);
    const outputs = shapes(session.outputMetadata);
    expect(outputs['logits']).toEqual(['float32', 'batch_size', 'sequence_length', vocabularySize]);
    const present = ['float32', 'batch_size', heads, 'total_sequence_length', headWidth];
    expect(outputs['present.0.key']).toEqual(present);
  });

  test('gives our logits at every position, whole, in pieces and token by token', async () => {
    const random = createRandom(3, 'text');
    const text = Array.from({ length: 20 }, () => random.integer(vocabularySize));
    const expected = await ownLogits(text.map((_, index) => text.slice(0, index + 1)));
    for (const pieces of [[20], [7, 13], [5, 1, 1, 9, 4], Array.from({ length: 20 }, () => 1)]) {
      let [done, past] = [0, emptyPast(1)];
      for (const size of pieces) {
        const positions = Array.from({ length: size }, (_, index) => done + index);
        const mask = new Array<number>(done + size).fill(1);
        const result = await step(session, [text.slice(done, done + size)], [mask], [positions], past);
        for (const position of positions) {
          const error = relativeError(logitsAt(result.logits, 0, position - done), expected[position]!);
          // Both are float32, with sums in another order.
          expect(error, `position ${position} of pieces ${pieces}`).toBeLessThan(1e-5);
        }
        done += size;
        past = result.past;
      }
    }
  });

  test('gives the same for texts of different lengths in one batch, padded at the left', async () => {
    const texts = [[0, 5, 9], [0, 11, 2, 33, 40, 7], [3]];
    const next = [8, 1, 60];
    const longest = 6;
    const padded = texts.map((text) => [...new Array<number>(longest - text.length).fill(0), ...text]);
    const mask = texts.map((text) => [
      ...new Array<number>(longest - text.length).fill(0),
      ...text.map(() => 1),
    ]);
    const positions = texts.map((text) =>
      Array.from({ length: longest }, (_, index) => Math.max(0, index - longest + text.length)),
    );
    const first = await step(session, padded, mask, positions, emptyPast(3));
    const second = await step(
      session,
      next.map((token) => [token]),
      mask.map((row) => [...row, 1]),
      texts.map((text) => [text.length]),
      first.past,
    );
    const expected = await ownLogits([...texts, ...texts.map((text, row) => [...text, next[row]!])]);
    for (const row of texts.keys()) {
      expect(relativeError(logitsAt(first.logits, row, longest - 1), expected[row]!)).toBeLessThan(1e-5);
      expect(relativeError(logitsAt(second.logits, row, 0), expected[3 + row]!)).toBeLessThan(1e-5);
    }
  });

  test('continues greedily as Hugging Face generate does', () => expectGreedy(session));
});

test('a model above the limit keeps its weights in files beside it', async () => {
  const large = temporaryFolder();
  const path = join(large, 'model.onnx');
  const weights = storedWeights(oracleParameters());
  const written = await writeOnnxModel(path, onnxGenerationModel(configuration), weights, {
    model: 1000,
    dataFile: 40_000,
  });
  expect(written.dataFiles).toBeGreaterThan(2);
  expect(readdirSync(large).sort()).toEqual(
    [
      'model.onnx',
      ...Array.from(
        { length: written.dataFiles },
        (_, index) => `model.onnx_data${index ? `_${index}` : ''}`,
      ),
    ].sort(),
  );
  const other = await InferenceSession.create(path);
  const run = (of: InferenceSession) => step(of, [[0, 5, 9]], [[1, 1, 1]], [[0, 1, 2]], emptyPast(1));
  const [a, b] = [await run(session), await run(other)];
  expect(b.logits.data).toEqual(a.logits.data);
});
