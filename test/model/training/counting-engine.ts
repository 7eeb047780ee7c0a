import type { DeviceTensor, Engine } from '../../../src/model/engine/engine.js';
import { exportOnnx } from '../../../src/model/engine/onnx/export.js';
import type { OnnxTarget } from '../../../src/model/engine/onnx/op-exporters.js';
import { elementCount, type TensorSpecification } from '../../../src/model/graph/shape.js';

/** What a device was asked to do. */
export interface Tally {
  runs: number;
  /** Nodes of the graphs run that compute something: about the dispatches, or launches of kernels. */
  nodes: number;
  /** Bytes allocated. */
  bytes: number;
}

/** Number of nodes of a graph for a target, by operator; without those that only give another shape. */
export function countNodes(
  outputs: Parameters<typeof exportOnnx>[0],
  target?: OnnxTarget,
): ReadonlyMap<string, number> {
  const { proto } = exportOnnx(outputs, target ? { target } : {});
  const counts = new Map<string, number>();
  for (const { opType } of proto.graph.node) {
    if (opType !== 'Reshape' && opType !== 'Squeeze') counts.set(opType, (counts.get(opType) ?? 0) + 1);
  }
  return counts;
}

export const totalNodes = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/** Counts what a device would do, without doing it: for models too large for a test. Outputs on the host are all 1. */
export function countingEngine(
  isAddressable: boolean,
  target?: OnnxTarget,
): { engine: Engine; tally: Tally } {
  const tally = { runs: 0, nodes: 0, bytes: 0 };
  const tensor = (specification: TensorSpecification): DeviceTensor => ({
    specification,
    view: (shape) => tensor({ ...specification, shape }),
    dispose: () => {},
  });
  const memory = {
    largestBuffer: 2 ** 29,
    isAddressable,
    allocate: (specification: TensorSpecification) => {
      tally.bytes += 4 * elementCount(specification.shape);
      return tensor(specification);
    },
    write: async () => {},
    read: async () => {},
    copyRow: async () => {},
  };
  const compile: Engine['compile'] = async (outputs) => {
    const nodes = totalNodes(countNodes(outputs, target));
    return {
      run: async (_, results) => {
        tally.runs++;
        tally.nodes += nodes;
        for (const value of Object.values(results)) if (value instanceof Float32Array) value.fill(1);
      },
      dispose: async () => {},
    };
  };
  return { engine: { name: 'counting', memory, compile }, tally };
}
