import type { OpNode } from '../../graph/tensor.js';
import { geluGradient } from './device-gelu.js';
import { layerNormalizationGradientByMeans } from './device-norm.js';
import { columnSum, isColumnSum } from './device-sums.js';
import {
  type Exporter,
  type OnnxTarget,
  rmsNormalizationGradient,
  samplingExporters,
} from './op-exporters.js';
import { deviceRowMeans, rmsNodes } from './rms-norm.js';
import { onnxTypes } from './schema.js';

/** Batched MatMul, with separate nodes that transpose and scale: WebGPU has no FusedMatMul. */
export const batchedMatmul: Exporter<'matmul'> = ({ writer, nameOf }, { inputs, attributes }) => {
  const { transposeA, transposeB, alpha } = attributes;
  const [a, b] = inputs.map((operand, index) => {
    let name = nameOf(operand);
    // Before it is transposed: two products with the same factor share this node in ONNX Runtime.
    if (index === 0 && alpha !== 1)
      name = writer.emit('Mul', [name, writer.constant(operand.dtype, [alpha], [])]);
    if (!(index === 0 ? transposeA : transposeB)) return name;
    const axes = operand.shape.map((_, axis) => axis);
    const perm = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
    return writer.emit('Transpose', [name], { perm });
  }) as [string, string];
  return [writer.emit('MatMul', [a, b])];
};

/** Most elements of the matrix of equal indices at a time (16 MiB): its size is the square of the number of tokens. */
const maximumEqualElements = 1 << 22;

/** Most products that are summed in float16. */
const maximumHalfSum = 1024;

function innerSize({ inputs: [a], attributes: { transposeA } }: OpNode<'matmul'>): number {
  return a!.shape.at(transposeA ? -2 : -1)!;
}

/** Whether a matmul multiplies two float16 matrices with a long inner axis. */
function isLongHalfProduct(node: OpNode<'matmul'>): boolean {
  return (
    node.outputs[0]!.dtype === 'float16' &&
    node.inputs.every(({ shape }) => shape.length === 2) &&
    innerSize(node) > maximumHalfSum
  );
}

/**
 * The WebGPU provider sums in the type of the factors, so small terms are lost beside a large float16 sum. Here the
 * factors are split along the inner axis, and the products of the blocks are added in float32 (Blanchard, Higham and
 * Mary, "A Class of Fast and Accurate Summation Algorithms", 2020, section 2).
 */
const longHalfProduct: Exporter<'matmul'> = ({ writer, nameOf }, node) => {
  const { transposeA, transposeB, alpha } = node.attributes;
  const inner = innerSize(node);
  const sizes = Array.from({ length: Math.ceil(inner / maximumHalfSum) }, (_, block) =>
    Math.min(maximumHalfSum, inner - block * maximumHalfSum),
  );
  const [a, b] = node.inputs.map((factor, index) => {
    const innerIsLast = index === 0 ? !transposeA : transposeB;
    return writer.split(nameOf(factor), Number(innerIsLast), sizes);
  }) as [string[], string[]];
  const gemm = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
  const products = a.map((block, index) =>
    writer.emit('Cast', [writer.emit('Gemm', [block, b[index]!], gemm)], { to: onnxTypes.float32 }),
  );
  const sum = products.reduce((total, product) => writer.emit('Add', [total, product]));
  return [writer.emit('Cast', [sum], { to: onnxTypes.float16 })];
};

/**
 * ScatterElements would add rows of equal index atomically in arbitrary order, so sums would differ from run to run.
 * Here each row is first replaced by the sum of all rows of its index, by a product with the matrix of equal indices;
 * rows of equal index then write the same values.
 */
const scatterAddRows: Exporter<'scatterAddRows'> = ({ writer, nameOf }, { inputs, outputs: [sum] }) => {
  const [updates, indices] = inputs.map(nameOf) as [string, string];
  const [{ shape }] = inputs as unknown as [{ shape: readonly number[] }];
  const rows = shape[0]!;
  const column = writer.emit('Reshape', [indices, writer.constant('int64', [rows, 1], [2])]);
  const line = writer.emit('Reshape', [indices, writer.constant('int64', [1, rows], [2])]);
  const step = Math.max(1, Math.floor(maximumEqualElements / rows));
  const sizes = Array.from({ length: Math.ceil(rows / step) }, (_, block) =>
    Math.min(step, rows - block * step),
  );
  const blocks = sizes.length === 1 ? [column] : writer.split(column, 0, sizes);
  const sums = writer.concat(
    blocks.map((block) => {
      const equal = writer.emit('Cast', [writer.emit('Equal', [block, line])], { to: onnxTypes.float32 });
      return writer.emit('MatMul', [equal, updates]);
    }),
    0,
  );
  const zeros = writer.emit('Expand', [
    writer.constant('float32', [0], []),
    writer.constant('int64', sum!.shape, [2]),
  ]);
  const spread = writer.emit('Expand', [column, writer.constant('int64', shape, [2])]);
  return [writer.emit('ScatterElements', [zeros, spread, sums], { axis: 0 })];
};

/** WebGPU's SimplifiedLayerNormalization leaves its second output unwritten (ONNX Runtime 1.30). */
const rmsNormalization: Exporter<'rmsNormalization'> = ({ writer, nameOf }, { inputs, attributes }) => {
  const [x, scale] = inputs.map(nameOf) as [string, string];
  return rmsNodes(writer, { x, scale }, inputs[0]!.shape.at(-1)!, attributes.epsilon);
};

const sampling = samplingExporters({ sorts: false, sumsByProducts: false });

/** ONNX Runtime's WebGPU provider: ops without kernels there are exported differently. */
export const webGpuTarget: OnnxTarget = {
  overrides: {
    geluGradient: () => geluGradient(false),
    layerNormalizationGradient: () => layerNormalizationGradientByMeans,
    rmsNormalization: () => rmsNormalization,
    rmsNormalizationGradient: () => rmsNormalizationGradient(deviceRowMeans),
    scatterAddRows: () => scatterAddRows,
    argMax: () => sampling.argMax,
    keepTopK: () => sampling.keepTopK,
    reduceSum: (node) => (isColumnSum(node) ? columnSum : undefined),
    matmul: (node) => {
      if (isLongHalfProduct(node)) return longHalfProduct;
      return node.inputs.some(({ shape }) => shape.length > 2) ? batchedMatmul : undefined;
    },
  },
};
