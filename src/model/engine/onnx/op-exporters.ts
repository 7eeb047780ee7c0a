import { crossEntropyInputs, geluCubic, geluScale, maskedScore, type OpName } from '../../graph/op-table.js';
import type { DType } from '../../graph/shape.js';
import type { OpNode, Tensor } from '../../graph/tensor.js';
import { groupedProduct, rowsOfEach } from './grouped-rows.js';
import { quantizedProduct } from './integer-product.js';
import { processorRowMeans, rmsGradientNodes } from './rms-norm.js';
import { rotaryEmbedding } from './rotary-nodes.js';
import { argMaxNodes, drawNodes, type SamplingForm, topKNodes, topPNodes } from './sampling-nodes.js';
import { onnxTypes } from './schema.js';
import { microsoft, type OnnxVersions, type OnnxWriter } from './writer.js';

export interface ExportContext {
  readonly writer: OnnxWriter;
  /** Splits of inputs whose chunks become inputs of their own, with the chunks' names. */
  readonly splitInputs: ReadonlyMap<OpNode, readonly string[]>;
  /** ONNX name of a tensor that is already written. */
  readonly nameOf: (tensor: Tensor) => string;
  /** Whether another node or the caller reads a tensor. */
  readonly isUsed: (tensor: Tensor) => boolean;
  /** The matrix product that this addition adds to `other`, if both are fused into one Gemm. */
  readonly fusedOperand: (node: OpNode<'add'>) => { fused: Tensor; other: Tensor } | undefined;
}

/** Writes one node and returns the ONNX names of its outputs; trailing ones that nothing reads may be left out. */
export type Exporter<Op extends OpName> = (context: ExportContext, node: OpNode<Op>) => readonly string[];

/** A runtime that models are written for, other than ONNX Runtime on the processor. */
export interface OnnxTarget {
  /** Exporters that replace those below; undefined for a node exported as usual. */
  readonly overrides: { readonly [Op in OpName]?: (node: OpNode<Op>) => Exporter<Op> | undefined };
  /** Default: those for ONNX Runtime. */
  readonly versions?: OnnxVersions;
  /** Type of the inputs that are int32 in the graph. Default: int32. */
  readonly integerInputs?: 'int64';
}

const plain =
  (opType: string, domain = ''): Exporter<OpName> =>
  ({ writer, nameOf }, node) => [writer.emit(opType, node.inputs.map(nameOf), {}, domain)];

/** Gemm(a, b, c) for two-dimensional operands; `c` ('' for none) is added, broadcast. */
function gemm({ writer, nameOf }: ExportContext, node: OpNode<'matmul'>, c: string): string {
  const { transposeA, transposeB, alpha } = node.attributes;
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
  return writer.emit('Gemm', [...node.inputs.map(nameOf), ...(c ? [c] : [])], attributes);
}

/** Whether a node is a product of two matrices, which is exported as a Gemm. */
export const isMatrixProduct = (node: OpNode): boolean =>
  node.op === 'matmul' && node.inputs.every((input) => input.shape.length === 2);

/**
 * GroupQueryAttention: with the same memory for past and present it appends to the cache in place, and reads only up to
 * each row's length. Head widths must be multiples of 8.
 */
const cachedAttention: Exporter<'cachedAttention'> = ({ writer, nameOf }, { inputs, attributes }) => {
  const [projections, keys, values, lengths] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const { heads, keyValueHeads, scale } = attributes;
  const width = projections.shape[1]!;
  const byRow = rowsOfEach(writer, nameOf(projections), nameOf(lengths), width);
  const last = writer.emit('Sub', [nameOf(lengths), writer.constant('int32', [1], [1])]);
  const longest = writer.emit('ReduceMax', [nameOf(lengths)], { keepdims: 0 });
  const [output, newKeys, newValues] = writer.emitMany(
    'GroupQueryAttention',
    [byRow, '', '', nameOf(keys), nameOf(values), last, longest],
    3,
    { num_heads: heads, kv_num_heads: keyValueHeads, scale: { float: scale } },
    microsoft,
  );
  const flat = writer.emit('Reshape', [output!, writer.constant('int64', [-1, heads * keys.shape[3]!], [2])]);
  return [flat, newKeys!, newValues!];
};

/**
 * The mask for dynamic numbers of tokens: there are as many keys as `visible` has columns, and the queries are the
 * last of them.
 */
const causalMask: Exporter<'causalMask'> = ({ writer, nameOf }, { inputs: [visible, tokens] }) => {
  const size = (x: Tensor, axis: number): string =>
    writer.emit('Gather', [writer.emit('Shape', [nameOf(x)]), writer.constant('int64', [axis], [])], {
      axis: 0,
    });
  const number = (value: number): string => writer.constant('int64', [value], []);
  const keyCount = size(visible!, 1);
  const range = (from: string): string => writer.emit('Range', [from, keyCount, number(1)]);
  const first = writer.emit('Sub', [keyCount, size(tokens!, 1)]);
  const queries = writer.emit('Unsqueeze', [range(first), writer.constant('int64', [1], [1])]);
  const isPast = writer.emit('LessOrEqual', [range(number(0)), queries]);
  const isVisible = writer.emit('Cast', [nameOf(visible!)], { to: onnxTypes.boolean });
  const byRow = writer.emit('Unsqueeze', [isVisible, writer.constant('int64', [1, 2], [2])]);
  const masks = [0, maskedScore].map((value) => writer.constant('float32', [value], []));
  return [writer.emit('Where', [writer.emit('And', [isPast, byRow]), ...masks])];
};

type SamplingOp = 'argMax' | 'keepTopK' | 'keepTopP' | 'drawByWeight';

/** The ops of sampling, for a device that is fast at what `form` says. */
export function samplingExporters(form: Omit<SamplingForm, 'writer'>): {
  readonly [Op in SamplingOp]: Exporter<Op>;
} {
  return {
    argMax: ({ writer, nameOf }, { inputs: [x] }) => [
      argMaxNodes({ ...form, writer }, nameOf(x!), x!.shape[1]!),
    ],
    keepTopK: ({ writer, nameOf }, { inputs: [weights, counts], attributes: { maximum } }) => {
      const names = [nameOf(weights!), nameOf(counts!)] as const;
      return [topKNodes({ ...form, writer }, names, { length: weights!.shape[1]!, maximum })];
    },
    keepTopP: ({ writer, nameOf }, { inputs: [weights, shares] }) => [
      topPNodes({ ...form, writer }, nameOf(weights!), nameOf(shares!), weights!.shape[1]!),
    ],
    drawByWeight: ({ writer, nameOf }, { inputs: [weights, points] }) => [
      drawNodes({ ...form, writer }, nameOf(weights!), nameOf(points!), weights!.shape[1]!),
    ],
  };
}

/** In float32, whatever it is now. */
export const inFloat32 = (writer: OnnxWriter, name: string, dtype: DType): string =>
  dtype === 'float32' ? name : writer.emit('Cast', [name], { to: onnxTypes.float32 });

/** The hidden states of a `paddedCrossEntropy`, in the type of its products. */
export function hiddenInType(
  { writer, nameOf }: ExportContext,
  { inputs: [hidden, weight] }: OpNode<'paddedCrossEntropy'>,
): string {
  const name = nameOf(hidden!);
  return weight!.dtype === 'float32' ? name : writer.emit('Cast', [name], { to: onnxTypes[weight!.dtype] });
}

/** Logits of padding in float16, whose range ends at 65,504. */
const halfMask = -60_000;

/** What is added to the logits of an output layer [P,C], so that padding gets no probability; empty without padding. */
export function paddingMask({
  inputs: [, weight],
  attributes: { vocabulary },
}: OpNode<'paddedCrossEntropy'>): number[] {
  const rows = weight!.shape[0]!;
  if (rows === vocabulary) return [];
  const masked = weight!.dtype === 'float16' ? halfMask : maskedScore;
  return Array.from({ length: rows }, (_, row) => (row < vocabulary ? 0 : masked));
}

/** The targets of a `paddedCrossEntropy` as a column [N,1]. */
export const targetColumn = (
  { writer, nameOf }: ExportContext,
  { inputs: [, , targets] }: OpNode<'paddedCrossEntropy'>,
): string => writer.emit('Reshape', [nameOf(targets!), writer.constant('int64', [-1, 1], [2])]);

/**
 * The two outputs of a `paddedCrossEntropy`.
 * @param losses [N,1]. @param softmax [N,P]. @param atTarget the probability of the target, [N,1].
 */
export function crossEntropyOutputs(
  { writer }: ExportContext,
  {
    losses,
    softmax,
    atTarget,
    column,
  }: Readonly<Record<'losses' | 'softmax' | 'atTarget' | 'column', string>>,
): [losses: string, errors: string] {
  const less = writer.emit('Sub', [atTarget, writer.constant('float32', [1], [])]);
  const errors = writer.emit('ScatterElements', [softmax, column, less], { axis: 1 });
  return [writer.emit('Reshape', [losses, writer.constant('int64', [-1], [1])]), errors];
}

/** Softmax, and log Σ e^x = max(x) − log max(softmax(x)) [N,1]: two passes that read instead of one that writes. */
function softmaxOf(
  { writer }: ExportContext,
  x: string,
): { readonly softmax: string; readonly logSum: string } {
  const lastAxis = writer.constant('int64', [-1], [1]);
  const softmax = writer.emit('Softmax', [x], { axis: -1 });
  const [before, after] = [x, softmax].map((name) => writer.emit('ReduceMax', [name, lastAxis]));
  return { softmax, logSum: writer.emit('Sub', [before!, writer.emit('Log', [after!])]) };
}

/** s·(1 + x·(1 − s)·u′), s = σ(u), u′ = geluScale·(1 + 3·geluCubic·x²): without the difference of x and y. */
const geluGradient: Exporter<'geluGradient'> = ({ writer, nameOf }, { inputs }) => {
  const [x, , g] = inputs.map(nameOf) as [string, string, string];
  const number = (value: number): string => writer.constant(inputs[0]!.dtype, [value], []);
  const multiply = (a: string, b: string): string => writer.emit('Mul', [a, b]);
  const square = multiply(x, x);
  const polynomial = (factor: number): string =>
    multiply(x, writer.emit('Add', [multiply(square, number(factor)), number(geluScale)]));
  const s = writer.emit('Sigmoid', [polynomial(geluScale * geluCubic)]);
  const slope = polynomial(3 * geluScale * geluCubic);
  const rest = multiply(slope, writer.emit('Sub', [number(1), s]));
  return [multiply(g, multiply(s, writer.emit('Add', [rest, number(1)])))];
};

/** x̂ = (x − mean)·r:  dx = r·(h − mean(h) − x̂·mean(h·x̂)) with h = g·scale;  dscale = Σ g·x̂;  dbias = Σ g. */
const layerNormalizationGradient: Exporter<'layerNormalizationGradient'> = (context, { inputs, outputs }) => {
  const { writer, nameOf, isUsed } = context;
  const [x, scale, mean, rstd, g] = inputs.map(nameOf) as [string, string, string, string, string];
  const { shape } = inputs[0]!;
  const binary = (op: 'Mul' | 'Sub', a: string, b: string): string => writer.emit(op, [a, b]);
  const sum = (value: string, axes: readonly number[], keepdims: number): string =>
    writer.emit('ReduceSum', [value, writer.constant('int64', axes, [axes.length])], { keepdims });
  const meanOfRow = (value: string): string =>
    binary('Mul', sum(value, [shape.length - 1], 1), writer.constant('float32', [1 / shape.at(-1)!], []));
  const normalized = binary('Mul', binary('Sub', x, mean), rstd);
  const h = binary('Mul', g, scale);
  const projected = binary('Mul', normalized, meanOfRow(binary('Mul', h, normalized)));
  const byX = binary('Mul', binary('Sub', binary('Sub', h, meanOfRow(h)), projected), rstd);
  const rows = [...shape.keys()].slice(0, -1);
  const columns = (value: () => string, output: Tensor): string =>
    isUsed(output) ? sum(value(), rows, 0) : '';
  return [byX, columns(() => binary('Mul', g, normalized), outputs[1]!), columns(() => g, outputs[2]!)];
};

const paddedCrossEntropy: Exporter<'paddedCrossEntropy'> = (context, node) => {
  const { writer, nameOf } = context;
  const type = node.inputs[1]!.dtype;
  const mask = paddingMask(node);
  const bias = mask.length > 0 ? [writer.constant(type, mask, [mask.length])] : [];
  const factors = [hiddenInType(context, node), nameOf(node.inputs[1]!)];
  const logits = inFloat32(writer, writer.emit('Gemm', [...factors, ...bias], { transB: 1 }), type);
  const column = targetColumn(context, node);
  const { softmax, logSum } = softmaxOf(context, logits);
  const [score, atTarget] = [logits, softmax].map((x) =>
    writer.emit('GatherElements', [x, column], { axis: 1 }),
  ) as [string, string];
  const losses = writer.emit('Sub', [logSum, score]);
  return crossEntropyOutputs(context, { losses, softmax, atTarget, column });
};

/** An rmsNormalizationGradient, with a device's means of rows. */
export const rmsNormalizationGradient =
  (rowMeans: typeof processorRowMeans): Exporter<'rmsNormalizationGradient'> =>
  ({ writer, nameOf, isUsed }, { inputs, outputs }) => {
    const [x, scale, rrms, g] = inputs.map(nameOf) as [string, string, string, string];
    return rmsGradientNodes(writer, { x, scale, rrms, g }, inputs[0]!.shape, rowMeans, isUsed(outputs[1]!));
  };

/** The ONNX form of every op, for ONNX Runtime (with its own operators where they are faster). */
export const exporters: { readonly [Op in OpName]: Exporter<Op> } = {
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
  geluGradient,
  gatedSilu: ({ writer, nameOf }, { inputs }) => {
    const [gate, value] = inputs.map(nameOf) as [string, string];
    const silu = writer.emit('QuickGelu', [gate], { alpha: { float: 1 } }, microsoft);
    return [writer.emit('Mul', [silu, value])];
  },
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
  linearCrossEntropy: (context, { inputs, attributes }) => {
    const { writer, nameOf } = context;
    const { hidden, targetRows, chunks: weights, rounded } = crossEntropyInputs(inputs, attributes);
    const lastAxis = writer.constant('int64', [-1], [1]);
    const logits =
      rounded?.map(({ w, scales }) =>
        quantizedProduct(writer, [nameOf(hidden), nameOf(w), nameOf(scales)]),
      ) ?? weights.map((weight) => writer.emit('Gemm', [nameOf(hidden), nameOf(weight)], { transB: 1 }));
    const chunks = logits.map((x) => softmaxOf(context, x));
    const logSums = writer.concat(
      chunks.map(({ logSum }) => logSum),
      1,
    );
    const whole = softmaxOf(context, logSums);
    const shares = writer.split(
      whole.softmax,
      1,
      weights.map(() => 1),
    );
    const products = writer.emit('Mul', [nameOf(hidden), nameOf(targetRows)]);
    const targets = writer.emit('ReduceSum', [products, lastAxis]);
    const losses = writer.emit('Reshape', [
      writer.emit('Sub', [whole.logSum, targets]),
      writer.constant('int64', [-1], [1]),
    ]);
    return [losses, ...chunks.map(({ softmax }) => softmax), ...shares];
  },
  layerNormalizationGradient,
  rmsNormalization: ({ writer, nameOf }, { inputs, attributes: { epsilon } }) =>
    writer.emitMany('SimplifiedLayerNormalization', inputs.map(nameOf), 2, {
      axis: -1,
      epsilon: { float: epsilon },
    }),
  rmsNormalizationGradient: rmsNormalizationGradient(processorRowMeans),
  rotate: ({ writer, nameOf }, { inputs }) => {
    const [x, positions, cosines, sines] = inputs.map(nameOf) as [string, string, string, string];
    return [rotaryEmbedding(writer, { x, positions, cosines, sines }, inputs[0]!.shape)];
  },
  paddedCrossEntropy,
  reduceSum: ({ writer, nameOf }, { inputs: [x], attributes: { axes, keepDimensions } }) => [
    writer.emit(
      'ReduceSum',
      [inFloat32(writer, nameOf(x!), x!.dtype), writer.constant('int64', axes, [axes.length])],
      {
        keepdims: Number(keepDimensions),
      },
    ),
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
    const chunks = splitInputs.get(node);
    for (const [index, name] of (chunks ?? []).entries()) {
      const { dtype, shape } = node.outputs[index]!;
      writer.input(name, dtype, shape);
    }
    return chunks ?? writer.split(nameOf(node.inputs[0]!), axis, sizes);
  },
  concat: ({ writer, nameOf }, { inputs, attributes: { axis } }) => [writer.concat(inputs.map(nameOf), axis)],
  gatherRows: plain('Gather'),
  // ScatterND would take whole rows, but ONNX Runtime 1.30 adds equal indices in parallel without a lock: sums are
  // wrong, and differ each time. ScatterElements adds sequentially, with indices expanded over the columns.
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
  dropoutFactors: ({ writer, nameOf }, { inputs, attributes: { shape, probability } }) => {
    const [rowFactors, rowOffsets, columnFactors, columnOffsets] = inputs.map(nameOf) as [
      string,
      string,
      string,
      string,
    ];
    const product = writer.emit('Mul', [rowFactors, columnFactors]);
    const number = writer.emit('Add', [writer.emit('Add', [product, rowOffsets]), columnOffsets]);
    const limit = writer.constant('int32', [Math.round(probability * 2 ** 32) - 2 ** 31], []);
    const values = [0, 1 / (1 - probability)].map((value) => writer.constant('float32', [value], []));
    const factors = writer.emit('Where', [writer.emit('Less', [number, limit]), ...values]);
    return [writer.emit('Reshape', [factors, writer.constant('int64', shape, [shape.length])])];
  },
  quantizedMatmul: (context, { inputs }) => {
    const [x, w, scales] = inputs.map(context.nameOf) as [string, string, string];
    return [quantizedProduct(context.writer, [x, w, scales])];
  },
  cachedAttention,
  groupedMatmul: ({ writer, nameOf }, { inputs: [x, w] }) => [
    groupedProduct(writer, nameOf(x!), nameOf(w!), [w!.shape[1]!, w!.shape[2]!]),
  ],
  causalMask,
  ...samplingExporters({ sorts: true, sumsByProducts: false }),
};
