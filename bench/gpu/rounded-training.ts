import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collect } from '../../src/common/collect.js';
import { readTitles } from '../../src/data/titles-file.js';
import type {
  DeviceMemory,
  DeviceTensor,
  Engine,
  NumericArray,
  Value,
} from '../../src/model/engine/engine.js';
import { cudaTarget } from '../../src/model/engine/onnx/cuda-ops.js';
import { exportOnnx } from '../../src/model/engine/onnx/export.js';
import { OrtSession } from '../../src/model/engine/onnxruntime/session.js';
import { elementCount, type Shape, type TensorSpecification } from '../../src/model/graph/shape.js';
import { inputsOf } from '../../src/model/graph/tensor.js';
import { finetuneTitles } from '../../src/pipeline/library/finetune.js';
import { roundAsFloat16 } from './rounded-model.js';

/**
 * What float16 by CUDA costs in held-out loss, without a card: trains a model on the processor in the graphs that CUDA has,
 * in float32 and with the roundings of float16 made by hand. `npm run bench -- gpu/rounded-training titles.csv [--model
 * base] [--count 4000] [--steps 200] [--rows 8]` prints both losses.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'base' },
    count: { type: 'string', default: '4000' },
    steps: { type: 'string', default: '200' },
    rows: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
  },
});
const [file] = positionals;
if (file === undefined) throw new Error('Name a CSV of titles.');

/** A tensor in this process's memory that stands for one on a card. */
class ArrayTensor implements DeviceTensor {
  readonly array: NumericArray;

  constructor(
    readonly specification: TensorSpecification,
    array?: NumericArray,
  ) {
    const size = elementCount(specification.shape);
    this.array = array ?? (specification.dtype === 'int32' ? new Int32Array(size) : new Float32Array(size));
  }

  view(shape: Shape, offset = 0): ArrayTensor {
    const part = this.array.subarray(offset, offset + elementCount(shape));
    return new ArrayTensor({ ...this.specification, shape }, part);
  }

  dispose(): void {}
}

const arrayOf = (value: Value): NumericArray =>
  (value instanceof ArrayTensor ? value.array : value) as NumericArray;

const memory: DeviceMemory = {
  largestBuffer: Number.POSITIVE_INFINITY,
  isAddressable: true,
  allocate: (specification) => new ArrayTensor(specification),
  write: async (pairs) => {
    for (const [from, to] of pairs) arrayOf(to).set(from);
  },
  read: async (pairs) => {
    for (const [from, to] of pairs) to.set(arrayOf(from));
  },
  copyRow: async () => {
    throw new Error('a training copies no rows');
  },
};

/** CUDA's graphs, computed by the processor's kernels. */
function engineOf(isRounded: boolean): Engine {
  return {
    name: 'the processor with the graphs of CUDA',
    memory,
    sumsHalfInFloat32: true,
    compile: async (outputs) => {
      const inputs = inputsOf(Object.values(outputs));
      const model = exportOnnx(outputs, { target: cudaTarget });
      if (isRounded) roundAsFloat16(model);
      const session = await OrtSession.open(model, inputs, new Map(Object.entries(outputs)), {
        threads: Number(values.threads),
      });
      const arrays = (given: Readonly<Record<string, Value>>): Record<string, NumericArray> =>
        Object.fromEntries(Object.entries(given).map(([name, value]) => [name, arrayOf(value)]));
      return {
        run: (feeds, results) => session.run(arrays(feeds), arrays(results)),
        dispose: () => session.dispose(),
      };
    },
  };
}

const titles = (await collect(readTitles(file))).slice(0, Number(values.count));
for (const mixedPrecision of ['off', 'float16'] as const) {
  const folder = mkdtempSync(join(tmpdir(), 'rounded-'));
  const { initialValidationLoss, finalValidationLoss, skippedSteps } = await finetuneTitles(titles, {
    model: values.model,
    folder,
    engine: engineOf(mixedPrecision === 'float16'),
    steps: Number(values.steps),
    batchSize: Number(values.rows),
    seed: Number(values.seed),
    mixedPrecision,
  });
  const skipped = skippedSteps === undefined ? '' : `, ${skippedSteps} steps skipped`;
  process.stdout.write(
    `${mixedPrecision}: ${initialValidationLoss} before, ${finalValidationLoss} after${skipped}\n`,
  );
  rmSync(folder, { recursive: true });
}
