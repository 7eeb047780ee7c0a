import type { OpName } from '../../graph/op-table.js';
import { topologicalOrder } from '../../graph/order.js';
import { formatShape } from '../../graph/shape.js';
import type { OpNode, Tensor } from '../../graph/tensor.js';
import { type ExportContext, type Exporter, microsoft } from './exporter.js';
import { cachedAttention, quantizedMatmul } from './inference-ops.js';
import { concatenate, splitInto } from './pieces.js';
import { onnxTypes } from './schema.js';
import { exportForWebGpu, isLongHalfProduct } from './webgpu-ops.js';
import { OnnxWriter } from './writer.js';

const plain =
  (opType: string, domain = ''): Exporter<OpName> =>
  ({ writer, nameOf }, node) => [writer.emit(opType, node.inputs.map(nameOf), {}, domain)];

/** Gemm(a, b, c) for two-dimensional operands; `c` ('' for none) is added, broadcast. */
function gemm({ writer, nameOf }: ExportContext, node: OpNode<'matmul'>, c: string): string {
  const { transposeA, transposeB, alpha } = node.attributes;
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
  return writer.emit('Gemm', [...node.inputs.map(nameOf), ...(c ? [c] : [])], attributes);
}

const isMatrixProduct = (node: OpNode): boolean =>
  node.op === 'matmul' && node.inputs.every((input) => input.shape.length === 2);

/** The ONNX form of every op, written for ONNX Runtime (its own operators where they are faster). */
const exporters: { readonly [Op in OpName]: Exporter<Op> } = {
  input: (_, node) => [node.attributes.name],
  constant: ({ writer }, { attributes: { values, shape, dtype } }) => [writer.constant(dtype, values, shape)],
  cast: ({ writer, nameOf }, { inputs: [x], attributes: { dtype } }) => [
    writer.emit('Cast', [nameOf(x!)], { to: onnxTypes[dtype] }),
  ],
  add: (context, node) => {
    const operands = context.fusedOperand(node);
    if (!operands) return plain('Add')(context, node);
    const { fused, other } = operands;
    return [gemm(context, fused.node as OpNode<'matmul'>, context.nameOf(other))];
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
  linearCrossEntropy: ({ writer, nameOf }, { inputs: [hidden, targetRows, ...pieces] }) => {
    const lastAxis = writer.constant('int64', [-1], [1]);
    /** Softmax, and log Σ e^x from the largest entry before and after: two reads instead of a pass that writes. */
    const softmaxOf = (x: string): { softmax: string; logSum: string } => {
      const softmax = writer.emit('Softmax', [x], { axis: -1 });
      const [before, after] = [x, softmax].map((name) => writer.emit('ReduceMax', [name, lastAxis]));
      return { softmax, logSum: writer.emit('Sub', [before!, writer.emit('Log', [after!])]) };
    };
    const parts = pieces.map((piece) =>
      softmaxOf(writer.emit('Gemm', [nameOf(hidden!), nameOf(piece)], { transB: 1 })),
    );
    const logSums = concatenate(
      writer,
      parts.map(({ logSum }) => logSum),
      1,
    );
    const whole = softmaxOf(logSums);
    const shares = splitInto(
      writer,
      whole.softmax,
      1,
      pieces.map(() => 1),
    );
    const products = writer.emit('Mul', [nameOf(hidden!), nameOf(targetRows!)]);
    const targets = writer.emit('ReduceSum', [products, lastAxis]);
    const losses = writer.emit('Reshape', [
      writer.emit('Sub', [whole.logSum, targets]),
      writer.constant('int64', [-1], [1]),
    ]);
    return [losses, ...parts.map(({ softmax }) => softmax), ...shares];
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
  split: ({ writer, nameOf, splitInputs }, node) => {
    const { axis, sizes } = node.attributes;
    const pieces = splitInputs.get(node);
    for (const [index, name] of (pieces ?? []).entries()) {
      const { dtype, shape } = node.outputs[index]!;
      writer.input(name, dtype, shape, undefined);
    }
    return pieces ?? splitInto(writer, nameOf(node.inputs[0]!), axis, sizes);
  },
  concat: ({ writer, nameOf }, { inputs, attributes: { axis } }) => [
    concatenate(writer, inputs.map(nameOf), axis),
  ],
  gatherRows: plain('Gather'),
  // ScatterND would take rows as they are, but ONNX Runtime 1.30 adds equal indices in parallel without a lock: sums come
  // out wrong, differently each time. ScatterElements adds one after the other, by indices spread over the columns.
  scatterAddRows: ({ writer, nameOf }, { inputs: [updates, indices], outputs: [sum] }) => {
    const zeros = writer.emit('ConstantOfShape', [writer.constant('int64', sum!.shape, [2])]);
    const shape = writer.constant('int64', [indices!.shape[0]!, 1], [2]);
    const column = writer.emit('Reshape', [nameOf(indices!), shape]);
    const spread = writer.emit('Expand', [column, writer.constant('int64', updates!.shape, [2])]);
    const attributes = { axis: 0, reduction: 'add' };
    return [writer.emit('ScatterElements', [zeros, spread, nameOf(updates!)], attributes)];
  },
  rowsWithin: ({ writer, nameOf }, { inputs: [indices], attributes: { first, count } }) => {
    const name = nameOf(indices!);
    const number = (value: number): string => writer.constant('int32', [value], []);
    const isIn = [
      writer.emit('LessOrEqual', [number(first), name]),
      writer.emit('LessOrEqual', [name, number(first + count - 1)]),
    ].map((truth) => writer.emit('Cast', [truth], { to: onnxTypes.int32 })) as [string, string];
    const inside = writer.emit('Mul', isIn);
    const local = writer.emit('Mul', [writer.emit('Sub', [name, number(first)]), inside]);
    const column = writer.emit('Reshape', [inside, writer.constant('int64', [-1, 1], [2])]);
    return [local, writer.emit('Cast', [column], { to: onnxTypes.float32 })];
  },
  quantizedMatmul,
  cachedAttention,
};

function exportNode<Op extends OpName>(context: ExportContext, node: OpNode<Op>): readonly string[] {
  return exporters[node.op](context, node);
}

/**
 * Matrix products whose only use is an addition: Gemm adds while it writes.
 * @param isGemm whether a product is written as one.
 */
function planFusion(
  order: readonly OpNode[],
  outputs: readonly Tensor[],
  isGemm: (product: OpNode) => boolean,
): Map<OpNode, Tensor> {
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
      return (
        isGemm(operand.node) &&
        (sameShape || isBias) &&
        uses.get(operand) === 1 &&
        formatShape(sum.shape) === formatShape(operand.shape)
      );
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
 * @param splitInputs splits of inputs whose pieces are inputs themselves, with the names of those.
 * @param forWebGpu keeps to operators that the WebGPU provider has.
 * @returns the model's protobuf bytes.
 */
export function exportOnnx(
  outputs: Readonly<Record<string, Tensor>>,
  constants: ReadonlySet<string> = new Set(),
  freeRows: Readonly<Record<string, string>> = {},
  splitInputs: ReadonlyMap<OpNode, readonly string[]> = new Map(),
  forWebGpu = false,
): Uint8Array {
  const writer = new OnnxWriter();
  const wanted = Object.values(outputs);
  const order = topologicalOrder(wanted);
  const isGemm = (node: OpNode): boolean => isMatrixProduct(node) && !(forWebGpu && isLongHalfProduct(node));
  const plan = planFusion(order, wanted, isGemm);
  const takenOver = new Set([...plan.values()].map((tensor) => tensor.node));
  const names = new Map<Tensor, string>();
  const context: ExportContext = {
    writer,
    splitInputs,
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
    const exported = (forWebGpu && exportForWebGpu(context, node)) || exportNode(context, node);
    for (const [index, name] of exported.entries()) names.set(node.outputs[index]!, name);
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
