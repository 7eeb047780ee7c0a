import type { Exporter, OnnxTarget } from './op-exporters.js';
import { rmsNodes } from './rms-norm.js';
import { rotaryProducts } from './rotary-nodes.js';
import { batchedMatmul } from './webgpu-ops.js';

/** [..,M,K] · [K,N] as one Gemm of all rows: with `transposeB`, MatMul would need a transposed copy of the weight. */
const flattenedMatmul: Exporter<'matmul'> = ({ writer, nameOf }, { inputs: [a, b], attributes }) => {
  const { transposeB, alpha } = attributes;
  const [x, inner, columns] = [nameOf(a!), a!.shape.at(-1)!, b!.shape[transposeB ? 0 : 1]!];
  const leading = writer.emit('Shape', [x], { end: -1 });
  const rows = writer.emit('Reshape', [x, writer.constant('int64', [-1, inner], [2])]);
  const gemm = { transB: Number(transposeB), alpha: { float: alpha } };
  const product = writer.emit('Gemm', [rows, nameOf(b!)], gemm);
  const shape = writer.emit('Concat', [leading, writer.constant('int64', [columns], [1])], { axis: 0 });
  return [writer.emit('Reshape', [product, shape])];
};

/** ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))): there is no operator for it before opset 20. */
const gelu: Exporter<'gelu'> = ({ writer, nameOf }, { inputs }) => {
  const x = nameOf(inputs[0]!);
  const number = (value: number): string => writer.constant('float32', [value], []);
  const cubed = writer.emit('Mul', [writer.emit('Mul', [x, x]), x]);
  const inner = writer.emit('Add', [x, writer.emit('Mul', [cubed, number(0.044715)])]);
  const tanh = writer.emit('Tanh', [writer.emit('Mul', [inner, number(Math.sqrt(2 / Math.PI))])]);
  return [writer.emit('Mul', [writer.emit('Mul', [x, number(0.5)]), writer.emit('Add', [tanh, number(1)])])];
};

const layerNormalization: Exporter<'layerNormalization'> = ({ writer, nameOf }, { inputs, attributes }) => [
  writer.emit('LayerNormalization', inputs.map(nameOf), { axis: -1, epsilon: { float: attributes.epsilon } }),
];

const gatedSilu: Exporter<'gatedSilu'> = ({ writer, nameOf }, { inputs }) => {
  const [gate, value] = inputs.map(nameOf) as [string, string];
  return [writer.emit('Mul', [writer.emit('Mul', [gate, writer.emit('Sigmoid', [gate])]), value])];
};

/** There is no operator for it before opset 23. */
const rmsNormalization: Exporter<'rmsNormalization'> = ({ writer, nameOf }, { inputs, attributes }) => {
  const [x, scale] = inputs.map(nameOf) as [string, string];
  return [rmsNodes(writer, { x, scale }, inputs[0]!.shape.at(-1)!, attributes.epsilon)[0]];
};

const rotate: Exporter<'rotate'> = ({ writer, nameOf }, { inputs }) => {
  const [x, positions, cosines, sines] = inputs.map(nameOf) as [string, string, string, string];
  const headWidth = 2 * inputs[2]!.shape[1]!;
  return [rotaryProducts(writer, { x, positions, cosines, sines }, inputs[0]!.shape, headWidth)];
};

/** Leading axes that do not change may be dynamic: size 0 copies the input's size. */
const reshape: Exporter<'reshape'> = ({ writer, nameOf }, { inputs: [x], attributes: { shape } }) => {
  const changed = shape.findIndex((size, axis) => size !== x!.shape[axis]);
  const sizes = shape.map((size, axis) => (axis < changed ? 0 : size));
  return [writer.emit('Reshape', [nameOf(x!), writer.constant('int64', sizes, [sizes.length])])];
};

/**
 * For any current runtime and Hugging Face's tools: only standard operators, in the first opset with
 * LayerNormalization, and ids as int64.
 */
export const portableTarget: OnnxTarget = {
  versions: { irVersion: 8, opsets: { '': 17 } },
  integerInputs: 'int64',
  overrides: {
    gelu: () => gelu,
    layerNormalization: () => layerNormalization,
    rmsNormalization: () => rmsNormalization,
    gatedSilu: () => gatedSilu,
    rotate: () => rotate,
    reshape: () => reshape,
    matmul: ({ inputs: [a, b], attributes }) => {
      if (a!.shape.length === 2) return undefined;
      return b!.shape.length === 2 && attributes.transposeB ? flattenedMatmul : batchedMatmul;
    },
  },
};
