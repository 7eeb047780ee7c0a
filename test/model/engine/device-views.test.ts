import { expect, it } from 'vitest';
import type { Engine } from '../../../src/model/engine/engine.js';
import { openProviderEngine } from '../../../src/model/engine/onnxruntime/device-engine.js';
import * as graph from '../../../src/model/graph/builder.js';

/** The processor as a provider's device: tensors in the runtime's own memory. */
const openDevice = (isAddressable: boolean): Promise<Engine> =>
  openProviderEngine('processor', {
    append: () => {},
    memoryName: 'Cpu',
    largestBuffer: () => Number.POSITIVE_INFINITY,
    isAddressable,
  });

it('views of a tensor begin anywhere in memory with addresses, and programs write them in place', async () => {
  const { memory, compile } = await openDevice(true);
  const whole = memory!.allocate({ shape: [12], dtype: 'float32' });
  const x = graph.input('x', [12]);
  const copy = await compile({ y: graph.multiply(x, 1) });
  await copy.run({ x: Float32Array.from({ length: 12 }, (_, index) => index) }, { y: whole });
  const part = whole.view([2, 2], 4);
  const tenfold = await compile({ y: graph.multiply(graph.input('x', [2, 2]), 10) });
  await tenfold.run({ x: part }, { y: part });
  await tenfold.run({ x: whole.view([2, 2], 8) }, { y: whole.view([2, 2]) });
  const found = new Float32Array(12);
  await copy.run({ x: whole }, { y: found });
  expect([...found]).toEqual([80, 90, 100, 110, 40, 50, 60, 70, 8, 9, 10, 11]);
  expect(() => whole.view([2, 3], 7)).toThrow('a view [2,3] of [12] from element 7 on');
  for (const program of [copy, tenfold]) await program.dispose();
});

it('and only at the first element in memory without', async () => {
  const { memory } = await openDevice(false);
  const whole = memory!.allocate({ shape: [12], dtype: 'float32' });
  expect(whole.view([3, 4]).specification.shape).toEqual([3, 4]);
  expect(() => whole.view([3], 1)).toThrow('a view [3] of [12] from element 1 on');
});
