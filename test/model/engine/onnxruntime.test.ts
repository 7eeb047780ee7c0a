import { describe, expect, it } from 'vitest';
import type { NumericArray } from '../../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine, int8Saturates } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import {
  add,
  cachedAttention,
  gelu,
  input,
  matmul,
  multiply,
  reduceSum,
  split,
} from '../../../src/model/graph/builder.js';

const engine = createOnnxRuntimeEngine({ threads: 2 });

describe('constants', () => {
  it('that are packed are not read again: their memory may be reused', async () => {
    const [rows, inner, columns] = [3, 40, 70];
    const weights = new Float32Array(inner * columns).fill(0.5);
    const outputWeights = new Float32Array(columns * inner).fill(0.25);
    const x = input('x', [rows, inner]);
    const hidden = gelu(matmul(x, input('weights', [inner, columns])));
    const y = matmul(hidden, input('outputWeights', [inner, columns]), { transposeB: true });
    const constants = new Map([
      ['weights', weights],
      ['outputWeights', outputWeights],
    ]);
    const program = await engine.compile({ y }, { constants });
    const run = async (): Promise<Float32Array> => {
      const result = new Float32Array(rows * inner);
      await program.run({ x: new Float32Array(rows * inner).fill(1) }, { y: result });
      return result;
    };
    const before = await run();
    weights.fill(Number.NaN);
    outputWeights.fill(Number.NaN);
    expect([...(await run())]).toEqual([...before]);
    expect(before[0]).toBeCloseTo(20 * 70 * 0.25, 3);
    await program.dispose();
  });
});

describe('a dynamic number of rows', () => {
  const x = input('x', [4, 2]);
  const y = add(multiply(x, 2), input('bias', [2]));
  const bias = Float32Array.of(1, -1);

  it('may be any up to those of the graph', async () => {
    const program = await engine.compile(
      { y },
      {
        dynamicAxes: { x: { 0: 'rows' }, y: { 0: 'rows' } },
      },
    );
    for (const rows of [1, 3, 4, 2]) {
      const values = Float32Array.from({ length: 2 * rows }, (_, index) => index);
      const result = new Float32Array(2 * rows);
      await program.run({ x: values, bias }, { y: result });
      expect([...result]).toEqual([...values].map((value, index) => 2 * value + (index % 2 === 0 ? 1 : -1)));
    }
    const run = (length: number): Promise<void> =>
      program.run({ x: new Float32Array(length), bias }, { y: new Float32Array(length) });
    await expect(run(10)).rejects.toThrow('x: needs float32[4,2]; received float32 of 10 elements');
    await expect(run(3)).rejects.toThrow('received float32 of 3 elements');
    await expect(run(0)).rejects.toThrow('received float32 of 0 elements');
    await program.dispose();
  });
});

it('reads one input in chunks several times over', async () => {
  const x = input('x', [4, 2]);
  const [a, b] = split(x, 0, [1, 3]);
  const [c, d] = split(x, 0, [1, 3]);
  const [e, f] = split(x, 0, [2, 2]);
  const program = await engine.compile({ y: add(add(a!, c!), reduceSum(multiply(b!, d!))), z: add(e!, f!) });
  const [y, z] = [new Float32Array(2), new Float32Array(4)];
  await program.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) }, { y, z });
  const squares = 9 + 16 + 25 + 36 + 49 + 64;
  expect([...y]).toEqual([2 + squares, 4 + squares]);
  expect([...z]).toEqual([6, 8, 10, 12]);
  await program.dispose();
});

it('attends in place: the cache given as input and output gets the new token alone', async () => {
  const [rows, heads, capacity, width] = [2, 2, 5, 8];
  const cache = [rows, heads, capacity, width];
  const projections = input('projections', [rows, 3 * heads * width]);
  const past = { keys: input('pastKeys', cache), values: input('pastValues', cache) };
  const attended = cachedAttention(projections, past, input('lengths', [rows], 'int32'), {
    heads,
    keyValueHeads: heads,
    scale: 1,
  });
  const program = await engine.compile({ ...attended });
  const size = rows * heads * capacity * width;
  const keys = Float32Array.from({ length: size }, (_, index) => index);
  const values = keys.slice();
  const fresh = new Float32Array(rows * 3 * heads * width).fill(-1);
  const output = new Float32Array(rows * heads * width);
  const feeds: Record<string, NumericArray> = { projections: fresh, lengths: Int32Array.of(3, 5) };
  await program.run({ ...feeds, pastKeys: keys, pastValues: values }, { output, keys, values });
  for (const [index, value] of keys.entries()) {
    const position = Math.floor(index / width) % capacity;
    const row = Math.floor(index / (heads * capacity * width));
    expect(value).toBe(position === [2, 4][row] ? -1 : index);
  }
  expect(values).toEqual(keys);
  await program.dispose();
});

it('notices products that saturate', async () => {
  const program = async (value: number) => ({
    run: async (_: unknown, { product }: Record<string, NumericArray>) => void product!.fill(value),
    dispose: async () => {},
  });
  expect(await int8Saturates(() => program(64 * 127))).toBe(false);
  expect(await int8Saturates(() => program(64 * 64.5))).toBe(true);
});
