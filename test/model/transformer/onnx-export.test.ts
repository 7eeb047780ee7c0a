import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AutoModelForCausalLM, AutoTokenizer, Tensor } from '@huggingface/transformers';
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { InferenceSession as WebSession, env as webEnvironment } from 'onnxruntime-web';
import { beforeAll, describe, expect, test } from 'vitest';
import { silentContext } from '../../../src/common/progress.js';
import { createRandom } from '../../../src/common/random.js';
import { onnxGenerationModel } from '../../../src/model/transformer/onnx-graph.js';
import { parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { loadWeights, storedWeights } from '../../../src/model/transformer/weight-source.js';
import { exportOnnxFolder, writeOnnxModel } from '../../../src/model/weights/onnx-folder.js';
import { openModel } from '../../../src/model/weights/resolve-model.js';
import { fixtureFolder, temporaryFolder } from './fixtures.js';
import { forwardLogits } from './forward-logits.js';
import { oracle, oracleParameters, relativeError } from './oracle.js';

const { configuration } = oracle;
const { layers, heads, width, vocabularySize } = configuration;

const int64 = (values: readonly number[][]): OnnxTensor =>
  new OnnxTensor('int64', BigInt64Array.from(values.flat().map(BigInt)), [values.length, values[0]!.length]);

type Past = Record<string, OnnxTensor>;
function emptyPast(rows: number): Past {
  const empty = (): OnnxTensor =>
    new OnnxTensor('float32', new Float32Array(0), [rows, heads, 0, width / heads]);
  const names = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  return Object.fromEntries(names.map((name) => [`past_key_values.${name}`, empty()]));
}

/** Runs the exported model on more tokens. @returns logits [B,T,V] and the past that includes them. */
async function step(
  session: Pick<InferenceSession, 'run'>,
  ids: number[][],
  mask: number[][],
  positions: number[][],
  past: Past,
) {
  const feeds = {
    input_ids: int64(ids),
    attention_mask: int64(mask),
    position_ids: int64(positions),
    ...past,
  };
  const results = await session.run(feeds);
  const next = Object.entries(results).filter(([name]) => name.startsWith('present.'));
  const grown = Object.fromEntries(
    next.map(([name, tensor]) => [name.replace('present', 'past_key_values'), tensor]),
  );
  return { logits: results['logits']!, past: grown as Past };
}

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

/** Logits [V] of one position of [B,T,V]. */
function logitsAt(logits: OnnxTensor, row: number, position: number): Float32Array {
  const [, tokens] = logits.dims as [number, number, number];
  const start = (row * tokens + position) * vocabularySize;
  return (logits.data as Float32Array).slice(start, start + vocabularySize);
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

  async function expectGreedy(runtime: Pick<InferenceSession, 'run'>): Promise<void> {
    for (const { prompt, continuation } of oracle.greedy) {
      const tokens = [...prompt];
      let [fresh, past] = [prompt, emptyPast(1)];
      while (tokens.length < prompt.length + continuation.length) {
        const mask = new Array<number>(tokens.length).fill(1);
        const positions = fresh.map((_, index) => tokens.length - fresh.length + index);
        const result = await step(runtime, [fresh], [mask], [positions], past);
        const logits = logitsAt(result.logits, 0, fresh.length - 1);
        fresh = [logits.indexOf(Math.max(...logits))];
        tokens.push(...fresh);
        past = result.past;
      }
      expect(tokens.slice(prompt.length)).toEqual(continuation);
    }
  }

  test('continues greedily as Hugging Face generate does', () => expectGreedy(session));

  test('does so in WebAssembly too, as in a page', async () => {
    webEnvironment.wasm.numThreads = 1;
    const web = await WebSession.create(new Uint8Array(readFileSync(modelPath)));
    await expectGreedy(web);
    await web.release();
  });
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

describe('the exported folder in transformers.js', () => {
  test('generates greedily what our own model does', async () => {
    const target = temporaryFolder();
    const model = await openModel(fixtureFolder('float32'), silentContext);
    await exportOnnxFolder(model, target);
    expect(readdirSync(target).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'merges.txt',
      'onnx',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'vocab.json',
    ]);
    expect(existsSync(join(target, 'onnx/model.onnx_data'))).toBe(false);
    const description = JSON.parse(readFileSync(join(target, 'config.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(description['transformers.js_config']).toEqual({ dtype: 'fp32' });

    const tokenizer = await AutoTokenizer.from_pretrained(target, { local_files_only: true });
    const text = 'the thé 🐈';
    const ids = model.tokenizer.encode(text);
    expect(tokenizer.encode(text)).toEqual(ids);

    const exported = await AutoModelForCausalLM.from_pretrained(target, { local_files_only: true });
    const prompt = [model.tokenizer.endOfTextId, ...ids.slice(0, 3)];
    const shape = [1, prompt.length];
    const output = (await exported.generate({
      input_ids: new Tensor('int64', BigInt64Array.from(prompt.map(BigInt)), shape),
      attention_mask: new Tensor('int64', new BigInt64Array(prompt.length).fill(1n), shape),
      max_new_tokens: 10,
      do_sample: false,
    } as unknown as Parameters<typeof exported.generate>[0])) as Tensor;
    const generated = Array.from(output.data as BigInt64Array, Number);

    const specifications = parameterSpecifications(model.configuration);
    const store = await loadWeights(model.weights, specifications, silentContext);
    const expected = [...prompt];
    for (
      let count = 0;
      count < 10 && (count === 0 || expected.at(-1) !== model.tokenizer.endOfTextId);
      count++
    ) {
      const every = await forwardLogits(model.configuration, store, expected);
      const logits = every.subarray(-model.configuration.vocabularySize);
      expected.push(logits.indexOf(Math.max(...logits)));
    }
    await model.weights.close();
    expect(generated).toEqual(expected);
    await exported.dispose();
  });
});
