import type { OpName } from '../../graph/op-table.js';
import { topologicalOrder } from '../../graph/order.js';
import { formatShape } from '../../graph/shape.js';
import type { OpNode, Tensor } from '../../graph/tensor.js';
import { type ExportContext, type Exporter, microsoft } from './exporter.js';
import { cachedAttention, quantizedMatmul } from './inference-ops.js';
import { OnnxWriter } from './writer.js';

const plain =
  (opType: string, domain = ''): Exporter<OpName> =>
  ({ writer, nameOf }, node) => [writer.emit(opType, node.inputs.map(nameOf), {}, domain)];

function asColumn(writer: OnnxWriter, name: string, rows: number): string {
  return writer.emit('Reshape', [name, writer.constant('int64', [rows, 1], [2])]);
}

/** Gemm(a, b, c) for two-dimensional operands; `c` ('' for none) is added, broadcast. */
function gemm({ writer, nameOf }: ExportContext, node: OpNode<'matmul'>, c: string): string {
  const { transposeA, transposeB, alpha } = node.attributes;
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
  return writer.emit('Gemm', [...node.inputs.map(nameOf), ...(c ? [c] : [])], attributes);
}

/**
 * Rows added into `data`, by ScatterElements with its indices spread over the columns. ScatterND would take rows as they
 * are, but ONNX Runtime 1.30 adds equal indices in parallel without a lock: sums come out wrong, differently each time.
 */
function scatterRows(
  { writer, nameOf }: ExportContext,
  node: OpNode<'scatterAddRows'>,
  data: string,
): string {
  const [updates, indices] = node.inputs as [Tensor, Tensor];
  const column = asColumn(writer, nameOf(indices), indices.shape[0]!);
  const spread = writer.emit('Expand', [column, writer.constant('int64', updates.shape, [2])]);
  return writer.emit('ScatterElements', [data, spread, nameOf(updates)], { axis: 0, reduction: 'add' });
}

const isMatrixProduct = (node: OpNode): boolean =>
  node.op === 'matmul' && node.inputs.every((input) => input.shape.length === 2);

const isScatter = (node: OpNode): boolean => node.op === 'scatterAddRows';

/** The ONNX form of every op, written for ONNX Runtime (its own operators where they are faster). */
const exporters: { readonly [Op in OpName]: Exporter<Op> } = {
  input: (_, node) => [node.attributes.name],
  constant: ({ writer }, { attributes: { values, shape, dtype } }) => [writer.constant(dtype, values, shape)],
  add: (context, node) => {
    const operands = context.fusedOperand(node);
    if (!operands) return plain('Add')(context, node);
    const { fused, other } = operands;
    const addend = context.nameOf(other);
    if (isMatrixProduct(fused.node)) return [gemm(context, fused.node as OpNode<'matmul'>, addend)];
    return [scatterRows(context, fused.node as OpNode<'scatterAddRows'>, addend)];
  },
  subtract: plain('Sub'),
  multiply: plain('Mul'),
  divide: plain('Div'),
  squareRoot: plain('Sqrt'),
  sigmoid: plain('Sigmoid'),
  gelu: plain('FastGelu', microsoft),
  softmax: plain('Softmax'),
  matmul: (context, node) => {
    if (isMatrixProduct(node)) return [gemm(context, node, '')];
    const { transposeA, transposeB, alpha } = node.attributes;
    if (!transposeA && !transposeB && alpha === 1) return plain('MatMul')(context, node);
    const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
    return [context.writer.emit('FusedMatMul', node.inputs.map(context.nameOf), attributes, microsoft)];
  },
  layerNormalization: ({ writer, nameOf }, { inputs, attributes: { epsilon } }) =>
    writer.emitMany('LayerNormalization', inputs.map(nameOf), 3, { axis: -1, epsilon: { float: epsilon } }),
  crossEntropy: ({ writer, nameOf }, { inputs: [logits, targets] }) => {
    const rows = targets!.shape[0]!;
    const logProbabilities = writer.emit('LogSoftmax', [nameOf(logits!)], { axis: -1 });
    const column = asColumn(writer, nameOf(targets!), rows);
    const picked = writer.emit('GatherElements', [logProbabilities, column], { axis: 1 });
    const flat = writer.emit('Reshape', [picked, writer.constant('int64', [rows], [1])]);
    return [writer.emit('Neg', [flat]), logProbabilities];
  },
  crossEntropyGradient: ({ writer, nameOf }, { inputs: [logProbabilities, targets, upstream] }) => {
    const rows = targets!.shape[0]!;
    const column = asColumn(writer, nameOf(upstream!), rows);
    const scaled = writer.emit('Mul', [writer.emit('Exp', [nameOf(logProbabilities!)]), column]);
    const indices = asColumn(writer, nameOf(targets!), rows);
    const negative = writer.emit('Neg', [column]);
    return [writer.emit('ScatterElements', [scaled, indices, negative], { axis: 1, reduction: 'add' })];
  },
  reduceSum: ({ writer, nameOf }, { inputs: [x], attributes: { axes, keepDimensions } }) => [
    writer.emit('ReduceSum', [nameOf(x!), writer.constant('int64', axes, [axes.length])], {
      keepdims: Number(keepDimensions),
    }),
  ],
  sumOfSquares: ({ writer, nameOf }, { inputs: [x] }) => [
    writer.emit('ReduceSumSquare', [nameOf(x!)], { keepdims: 0 }),
  ],
  reshape: ({ writer, nameOf }, { inputs: [x], attributes: { shape } }) => [
    writer.emit('Reshape', [nameOf(x!), writer.constant('int64', shape, [shape.length])]),
  ],
  broadcastTo: ({ writer, nameOf }, { inputs: [x], attributes: { shape } }) => [
    writer.emit('Expand', [nameOf(x!), writer.constant('int64', shape, [shape.length])]),
  ],
  transpose: ({ writer, nameOf }, { inputs: [x], attributes: { permutation } }) => [
    writer.emit('Transpose', [nameOf(x!)], { perm: permutation }),
  ],
  split: ({ writer, nameOf }, { inputs: [x], attributes: { axis, sizes } }) =>
    writer.emitMany('Split', [nameOf(x!), writer.constant('int64', sizes, [sizes.length])], sizes.length, {
      axis,
    }),
  concat: ({ writer, nameOf }, { inputs, attributes: { axis } }) => [
    writer.emit('Concat', inputs.map(nameOf), { axis }),
  ],
  gatherRows: plain('Gather'),
  scatterAddRows: (context, node) => {
    const { writer } = context;
    const shape = writer.constant('int64', node.outputs[0]!.shape, [2]);
    return [scatterRows(context, node, writer.emit('ConstantOfShape', [shape]))];
  },
  quantizedMatmul,
  cachedAttention,
};

function exportNode<Op extends OpName>(context: ExportContext, node: OpNode<Op>): readonly string[] {
  return exporters[node.op](context, node);
}

/**
 * Matrix products and row scatters whose only use is an addition: Gemm and ScatterElements add while they write, which saves
 * a pass over memory as large as the result (a gradient of the token embedding, say).
 */
function planFusion(order: readonly OpNode[], outputs: readonly Tensor[]): Map<OpNode, Tensor> {
  const uses = new Map<Tensor, number>();
  const count = (tensor: Tensor): void => void uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
  for (const output of outputs) count(output);
  for (const node of order) node.inputs.forEach(count);
  const plan = new Map<OpNode, Tensor>();
  for (const node of order) {
    if (node.op !== 'add') continue;
    const sum = node.outputs[0]!;
    const fusable = node.inputs.toReversed().find((operand, reversed) => {
      const other = node.inputs[reversed]!;
      const sameShape = formatShape(other.shape) === formatShape(operand.shape);
      const isBias = other.shape.length === 1 && other.shape[0] === operand.shape[1];
      const fits = isMatrixProduct(operand.node) ? sameShape || isBias : isScatter(operand.node) && sameShape;
      return fits && uses.get(operand) === 1 && formatShape(sum.shape) === formatShape(operand.shape);
    });
    if (fusable) plan.set(node, fusable);
  }
  return plan;
}

/**
 * Writes a graph as an ONNX model for ONNX Runtime.
 * @param outputs the tensors the model gives back, by name.
 * @param constants names of inputs that become initializers, their values given to the runtime beside the model.
 * @param freeRows inputs and outputs whose first axis is left open, as in `CompileOptions`.
 * @returns the model's protobuf bytes.
 */
export function exportOnnx(
  outputs: Readonly<Record<string, Tensor>>,
  constants: ReadonlySet<string> = new Set(),
  freeRows: Readonly<Record<string, string>> = {},
): Uint8Array {
  const writer = new OnnxWriter();
  const wanted = Object.values(outputs);
  const order = topologicalOrder(wanted);
  const plan = planFusion(order, wanted);
  const takenOver = new Set([...plan.values()].map((tensor) => tensor.node));
  const names = new Map<Tensor, string>();
  const context: ExportContext = {
    writer,
    nameOf: (tensor) => {
      const name = names.get(tensor);
      if (name === undefined) throw new Error(`${tensor.node.op} is used before it is written`);
      return name;
    },
    fusedOperand: (node) => {
      const fused = plan.get(node);
      const other = node.inputs.find((operand) => operand !== fused);
      return fused && other ? { fused, other } : undefined;
    },
  };
  for (const node of order) {
    if (takenOver.has(node)) continue;
    for (const [index, name] of exportNode(context, node).entries()) names.set(node.outputs[index]!, name);
    if (node.op !== 'input') continue;
    const { name, dtype, shape } = (node as OpNode<'input'>).attributes;
    if (constants.has(name)) writer.initializer(name, dtype, shape);
    else writer.input(name, dtype, shape, freeRows[name]);
  }
  for (const [name, tensor] of Object.entries(outputs)) {
    writer.output(name, context.nameOf(tensor), tensor, freeRows[name]);
  }
  return writer.finish();
}
