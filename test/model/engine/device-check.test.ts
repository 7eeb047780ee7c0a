import { expect, it } from 'vitest';
import { checkDevice } from '../../../src/model/engine/device-check.js';
import type { Engine, Program, Value } from '../../../src/model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../../src/model/engine/onnxruntime/cpu-engine.js';
import { testEngine } from '../test-engine.js';

const processor = createOnnxRuntimeEngine({ threads: 2 });

/** The processor, with all results changed. */
const changing = (change: (value: number) => number): Engine => ({
  ...processor,
  compile: async (...given) => {
    const program = await processor.compile(...given);
    const run: Program['run'] = async (feeds, results) => {
      await program.run(feeds, results);
      for (const array of Object.values<Value>(results))
        if (array instanceof Float32Array) array.set(array.map(change));
    };
    return { run, dispose: () => program.dispose() };
  },
});

/** To the 11 bits of TF32's significand. */
const roundToTf32 = (value: number): number => {
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 10);
  return Math.round(value / step) * step;
};

it('passes a device that computes as the processor does', async () => {
  expect(await checkDevice(testEngine, processor)).toEqual({ repeats: true });
});

it.each([
  ['rounds to TF32', roundToTf32, /float32 products wrongly: product is off by/],
  ['computes nonsense', () => Number.NaN, /float32 products wrongly: product is off by Infinity/],
])('does not pass one that %s', async (_, change, message) => {
  await expect(checkDevice(changing(change), processor)).rejects.toThrow(message);
});

it('notices one that trains to other bytes each time', async () => {
  let runs = 0;
  const varying: Engine = {
    ...processor,
    compile: (outputs, options) => {
      // Within the tolerance.
      const engine = 'loss' in outputs ? changing((value) => value * (1 + 1e-9 * runs++)) : processor;
      return engine.compile(outputs, options);
    },
  };
  expect(await checkDevice(varying, processor)).toEqual({ repeats: false });
});

it('does not pass one that trains, attends or draws wrongly', async () => {
  const off = (value: number): number => value * (1 + 1e-3);
  const onlyFor = (names: readonly string[]): Engine => ({
    ...processor,
    compile: (outputs, options) =>
      (names.some((name) => name in outputs) ? changing(off) : processor).compile(outputs, options),
  });
  await expect(checkDevice(onlyFor(['loss']), processor)).rejects.toThrow('computes a training step wrongly');
  await expect(checkDevice(onlyFor(['keys']), processor)).rejects.toThrow(
    "computes generation's attention wrongly: output is off by",
  );
  await expect(checkDevice(onlyFor(['ids']), processor)).rejects.toThrow(
    'computes sampling wrongly: ids is off',
  );
});
