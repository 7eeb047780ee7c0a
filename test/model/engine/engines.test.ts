import { readFile } from 'node:fs/promises';
import '@tensorflow/tfjs-backend-cpu';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as plainTfjs from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/io/package-root.js';
import { parseDevice } from '../../../src/model/engine/device-choice.js';
import type { Engine, NumericArray } from '../../../src/model/engine/engine.js';
import { openWebEngine } from '../../../src/model/engine/onnxruntime-web/web-engine.js';
import { createTfjsEngine, requiredKernels } from '../../../src/model/engine/tfjs.js';
import { loadTfjs } from '../../../src/model/engine/tfjs-packages.js';
import * as graph from '../../../src/model/graph/builder.js';
import { elementCount } from '../../../src/model/graph/shape.js';
import { caseInputs } from '../graph/case-inputs.js';
import { opCases } from '../graph/cases.js';
import { evaluate } from '../graph/reference.js';
import { deviceUnderTest, testEngine } from '../test-engine.js';

const seed = 7;
/** Float32 has 24 bits: relative rounding 6e-8 an operation, some tens of operations in a case. */
const tolerance = 5e-6;

/** The WebAssembly that browsers run; Node runs it too. */
const folder = join(packageRoot, 'node_modules/onnxruntime-web/dist/');
const webEngine = await openWebEngine({
  device: 'wasm',
  threads: 2,
  assets: pathToFileURL(folder).href,
  readBinary: async (name) => new Uint8Array(await readFile(join(folder, name))),
});

const engines: readonly (readonly [string, () => Engine])[] = [
  [testEngine.name, () => testEngine],
  ...(deviceUnderTest
    ? []
    : [['tfjs cpu', () => createTfjsEngine(plainTfjs)] as const, [webEngine.name, () => webEngine] as const]),
];

describe.each(engines)('%s', (_, createEngine) => {
  const engine = createEngine();
  for (const cases of Object.values(opCases)) {
    it.each(cases.map((opCase) => [opCase.name, opCase] as const))('%s', async (__, opCase) => {
      const { tensors, feeds } = caseInputs(opCase, seed);
      const output = opCase.build(...tensors);
      const program = await engine.compile({ output });
      const result = new Float32Array(elementCount(output.shape));
      await program.run(Object.fromEntries(feeds) as Record<string, NumericArray>, { output: result });
      await program.dispose();
      const [expected] = evaluate([output], feeds);
      for (const [element, value] of expected!.entries()) {
        const difference = Math.abs(result[element]! - value);
        expect(difference, `element ${element}, seed ${seed}`).toBeLessThan(
          tolerance * (1 + Math.abs(value)),
        );
      }
    });
  }

  it('takes constants out of the inputs, small and large', async () => {
    const weights = Float32Array.from({ length: 600 * 600 }, (_, index) => (index % 7) - 3);
    const bias = Float32Array.from({ length: 600 }, (_, index) => index);
    const x = graph.input('x', [1, 600]);
    const product = graph.matmul(x, graph.input('weights', [600, 600]));
    const output = graph.add(product, graph.input('bias', [600]));
    const constants = new Map([
      ['weights', weights],
      ['bias', bias],
    ]);
    const program = await engine.compile({ output }, { constants });
    const [values, result] = [new Float32Array(600).fill(1), new Float32Array(600)];
    await program.run({ x: values }, { output: result });
    await program.dispose();
    const feeds = new Map([['x', values], ...constants]);
    expect([...result]).toEqual([...evaluate([output], feeds)[0]!]);
  });

  it.each([
    // In software a card takes a minute for what the processor does in a second.
    [deviceUnderTest ? 256 : 2048, 512],
    [2100, 4],
  ])('adds %d rows of equal index, %d wide, each time alike', async (rows, width) => {
    const tableRows = 32;
    const output = graph.scatterAddRows(
      graph.input('x', [rows, width]),
      graph.input('indices', [rows], 'int32'),
      tableRows,
    );
    const program = await engine.compile({ output });
    const x = new Float32Array(rows * width).fill(1);
    const expected = (row: number): number => Math.floor((rows - 1 - row) / tableRows) + 1;
    const indices = Int32Array.from({ length: rows }, (_, row) => row % tableRows);
    for (let repeat = 0; repeat < 5; repeat++) {
      const result = new Float32Array(tableRows * width);
      await program.run({ x, indices }, { output: result });
      expect(result.every((value, place) => value === expected(Math.floor(place / width)))).toBe(true);
    }
    await program.dispose();
  });

  it('names a missing, unknown or misshapen array', async () => {
    const x = graph.input('x', [2]);
    const program = await engine.compile({ y: graph.sigmoid(x) });
    const y = new Float32Array(2);
    await expect(program.run({}, { y })).rejects.toThrow('x: needs float32[2]; received nothing');
    await expect(program.run({ x: new Float32Array(3) }, { y })).rejects.toThrow(
      'received float32 of 3 elements',
    );
    await expect(program.run({ x: new Int32Array(2) }, { y })).rejects.toThrow(
      'received int32 of 2 elements',
    );
    await expect(program.run({ x: y, z: y }, { y })).rejects.toThrow('z: the graph has no such input');
    await program.dispose();
  });
});

it('names the kernels of TensorFlow.js that its engine uses', async () => {
  const choice = parseDevice(deviceUnderTest ?? '');
  const usesTfjs = choice?.engine === 'tfjs' && choice.device !== 'webgpu';
  const tf = usesTfjs ? await loadTfjs(choice.device as 'cpu' | 'cuda') : plainTfjs;
  const engine = createTfjsEngine(tf);
  const used = new Set<string>();
  for (const opCase of Object.values(opCases).flat()) {
    const { tensors, feeds } = caseInputs(opCase, seed);
    const output = opCase.build(...tensors);
    const program = await engine.compile({ output });
    const result = new Float32Array(elementCount(output.shape));
    const { kernelNames } = await tf.profile(async () => {
      await program.run(Object.fromEntries(feeds) as Record<string, NumericArray>, { output: result });
      return tf.scalar(0);
    });
    for (const name of kernelNames) used.add(name);
  }
  const kernels = [...used].filter((name) => !name.endsWith('__op'));
  expect(kernels.sort()).toEqual([...requiredKernels]);
  const registered = tf.getKernelsForBackend(tf.getBackend()).map(({ kernelName }) => kernelName);
  expect(registered).toEqual(expect.arrayContaining(kernels));
});
