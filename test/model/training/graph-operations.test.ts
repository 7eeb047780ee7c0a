import { describe, expect, it } from 'vitest';
import { cudaTarget } from '../../../src/model/engine/onnx/cuda-ops.js';
import { webGpuTarget } from '../../../src/model/engine/onnx/webgpu-ops.js';
import type { FloatType } from '../../../src/model/graph/shape.js';
import { trainingGraph } from '../../../src/model/training/loss-graph.js';
import { lossLayout } from '../../../src/model/training/output-loss.js';
import { countingEngine, countNodes, totalNodes } from './counting-engine.js';

const configuration = {
  vocabularySize: 50257,
  contextLength: 1024,
  width: 768,
  layers: 12,
  heads: 12,
  layerNormEpsilon: 1e-5,
};

/** Nodes by operator of a step of 124M, forward and backward, of so many rows of 64 tokens. */
function nodesOf(
  device: 'cuda' | 'webgpu',
  matmulDtype: FloatType,
  rows: number,
  dropout?: { readonly probability: number },
): ReadonlyMap<string, number> {
  const isCuda = device === 'cuda';
  const { engine } = countingEngine(isCuda);
  const memory = { ...engine.memory!, largestBuffer: isCuda ? Number.POSITIVE_INFINITY : 2 ** 29 };
  const layout = lossLayout({ ...engine, memory, sumsHalfInFloat32: isCuda });
  const graph = trainingGraph(configuration, { rows, rowLength: 64 }, { matmulDtype, layout, dropout });
  return countNodes(graph, isCuda ? cudaTarget : webGpuTarget);
}

describe('a training step of 124M takes no more operations than', () => {
  it.each([
    { device: 'cuda', dtype: 'float32', rows: 16, nodes: 1163, Mul: 276, Cast: 4 },
    { device: 'cuda', dtype: 'float32', rows: 64, nodes: 1163, Mul: 276, Cast: 4 },
    { device: 'cuda', dtype: 'float16', rows: 64, nodes: 1522, Mul: 277, Cast: 347 },
    { device: 'webgpu', dtype: 'float32', rows: 16, nodes: 1230, Mul: 298, Cast: 2 },
    { device: 'webgpu', dtype: 'float32', rows: 64, nodes: 1322, Mul: 310, Cast: 8 },
    { device: 'webgpu', dtype: 'float16', rows: 16, nodes: 1950, Mul: 298, Cast: 482 },
  ] as const)('$device, $dtype, $rows rows: $nodes', ({ device, dtype, rows, nodes, Mul, Cast }) => {
    const counts = nodesOf(device, dtype, rows);
    expect(totalNodes(counts)).toBeLessThanOrEqual(nodes);
    expect(counts.get('Mul')).toBeLessThanOrEqual(Mul);
    expect(counts.get('Cast')).toBeLessThanOrEqual(Cast);
  });

  it('with dropout for each of 37 tensors of factors: 5 to compute it, and a product on the way there and back', () => {
    const [plain, dropped] = [undefined, { probability: 0.1 }].map((dropout) =>
      totalNodes(nodesOf('cuda', 'float32', 16, dropout)),
    );
    expect(dropped).toBeLessThanOrEqual(plain! + 37 * 7);
  });

  it('and on CUDA none whose kernel takes a row to a block, or adds in any order', () => {
    const counts = nodesOf('cuda', 'float16', 64);
    for (const opType of counts.keys()) expect(opType).not.toMatch(/^Reduce/);
  });
});
