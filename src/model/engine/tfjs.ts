import type * as Tfjs from '@tensorflow/tfjs-core';
import { crossEntropyInputs, geluCubic, geluScale, maskedScore, type OpName } from '../graph/op-table.js';
import { type OpNode, type Tensor, topologicalOrder } from '../graph/tensor.js';
import { checkedShape, type Engine, isArray, type NumericArray, type Program, type Value } from './engine.js';

/** TensorFlow.js as the caller imported it: tfjs-node, tfjs-node-gpu, or tfjs-core with a backend. */
export type TfjsModule = typeof Tfjs;

/** The kernels that the evaluators below use: a backend that registers them can run every graph. */
export const requiredKernels: readonly string[] =
  `Abs Add ArgMax BatchMatMul Cast Concat Cumsum Equal Exp ExpandDims Fill GatherV2 Greater Identity IsFinite Less
   LessEqual Log Max Maximum Mean Minimum Multiply OneHot Pow Range RealDiv Reshape Round Rsqrt ScatterNd Select Sigmoid
   Softmax SplitV Sqrt Square Sub Sum Tanh Tile TopK Transpose`.split(/\s+/);

const noFloat16 = 'TensorFlow.js has no float16';

type Evaluator<Op extends OpName> = (
  tf: TfjsModule,
  node: OpNode<Op>,
  inputs: readonly Tfjs.Tensor[],
) => readonly Tfjs.Tensor[];

type Binary = (tf: TfjsModule, a: Tfjs.Tensor, b: Tfjs.Tensor) => Tfjs.Tensor;
const binary =
  (apply: Binary): Evaluator<OpName> =>
  (tf, _, [a, b]) => [apply(tf, a!, b!)];

type Unary = (tf: TfjsModule, x: Tfjs.Tensor) => Tfjs.Tensor;
const unary =
  (apply: Unary): Evaluator<OpName> =>
  (tf, _, [x]) => [apply(tf, x!)];

/** x · (w · scales) with each row of x rounded to 8 bits. */
function quantizedProduct(tf: TfjsModule, x: Tfjs.Tensor, w: Tfjs.Tensor, scales: Tfjs.Tensor): Tfjs.Tensor {
  const steps = tf.maximum(tf.div(tf.max(tf.abs(x), 1, true), 127), 1e-32);
  const product = tf.matMul(tf.round(tf.div(x, steps)), tf.cast(w, 'float32'));
  return tf.mul(tf.mul(product, steps), scales);
}

/** Every op in terms of TensorFlow.js's own. */
const evaluators: { readonly [Op in OpName]: Evaluator<Op> } = {
  input: () => {
    throw new Error('inputs are given, not computed');
  },
  constant: (tf, { attributes: { values, shape, dtype } }) => [
    tf.tensor([...values], [...shape], dtype === 'float32' ? dtype : 'int32'),
  ],
  cast: () => {
    throw new RangeError(noFloat16);
  },
  add: binary((tf, a, b) => tf.add(a, b)),
  subtract: binary((tf, a, b) => tf.sub(a, b)),
  multiply: binary((tf, a, b) => tf.mul(a, b)),
  divide: binary((tf, a, b) => tf.div(a, b)),
  squareRoot: unary((tf, x) => tf.sqrt(x)),
  sigmoid: unary((tf, x) => tf.sigmoid(x)),
  gelu: unary((tf, x) => {
    const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
  }),
  geluGradient: (tf, _, [x, y, g]) => {
    const square = tf.mul(tf.square(x!), geluCubic);
    const s = tf.sigmoid(tf.mul(tf.mul(tf.add(square, 1), x!), geluScale));
    const slope = tf.mul(tf.add(tf.mul(square, 3), 1), geluScale);
    return [tf.mul(g!, tf.add(s, tf.mul(tf.mul(s, tf.sub(x!, y!)), slope)))];
  },
  gatedSilu: binary((tf, a, b) => tf.mul(tf.mul(a, tf.sigmoid(a)), b)),
  softmax: unary((tf, x) => tf.softmax(x)),
  matmul: (tf, { attributes: { transposeA, transposeB, alpha } }, [a, b]) => {
    const product = tf.matMul(a!, b!, transposeA, transposeB);
    return [alpha === 1 ? product : tf.mul(product, alpha)];
  },
  groupedMatmul: (tf, _, [x, w]) => {
    const [groups, width, columns] = w!.shape as [number, number, number];
    return [tf.reshape(tf.matMul(tf.reshape(x!, [groups, -1, width]), w!), [-1, columns])];
  },
  layerNormalization: (tf, { attributes: { epsilon } }, [x, scale, bias]) => {
    const { mean, variance } = tf.moments(x!, -1, true);
    const rstd = tf.rsqrt(tf.add(variance, epsilon));
    const normalized = tf.mul(tf.sub(x!, mean), rstd);
    return [tf.add(tf.mul(normalized, scale!), bias!), mean, rstd];
  },
  layerNormalizationGradient: (tf, _, [x, scale, mean, rstd, g]) => {
    const normalized = tf.mul(tf.sub(x!, mean!), rstd!);
    const h = tf.mul(g!, scale!);
    const projected = tf.mul(normalized, tf.mean(tf.mul(h, normalized), -1, true));
    const byX = tf.mul(tf.sub(tf.sub(h, tf.mean(h, -1, true)), projected), rstd!);
    const axes = x!.shape.slice(0, -1).map((_, axis) => axis);
    return [byX, tf.sum(tf.mul(g!, normalized), axes), tf.sum(g!, axes)];
  },
  rmsNormalization: (tf, { attributes: { epsilon } }, [x, scale]) => {
    const rrms = tf.rsqrt(tf.add(tf.mean(tf.square(x!), -1, true), epsilon));
    return [tf.mul(tf.mul(x!, rrms), scale!), rrms];
  },
  rmsNormalizationGradient: (tf, _, [x, scale, rrms, g]) => {
    const normalized = tf.mul(x!, rrms!);
    const product = tf.mul(g!, normalized);
    const projected = tf.mul(normalized, tf.mean(tf.mul(product, scale!), -1, true));
    const axes = x!.shape.slice(0, -1).map((_, axis) => axis);
    return [tf.mul(tf.sub(tf.mul(g!, scale!), projected), rrms!), tf.sum(product, axes)];
  },
  rotate: (tf, _, [x, positions, cosines, sines]) => {
    const half = cosines!.shape[1]!;
    const pairs = tf.reshape(x!, [...x!.shape.slice(0, -1), -1, 2 * half]);
    const [a, b] = tf.split(pairs, 2, -1) as [Tfjs.Tensor, Tfjs.Tensor];
    const [cosine, sine] = [cosines!, sines!].map((table) =>
      tf.expandDims(tf.gather(table, positions as Tfjs.Tensor1D), -2),
    ) as [Tfjs.Tensor, Tfjs.Tensor];
    const turned = [tf.sub(tf.mul(a, cosine), tf.mul(b, sine)), tf.add(tf.mul(b, cosine), tf.mul(a, sine))];
    return [tf.reshape(tf.concat(turned, -1), x!.shape)];
  },
  linearCrossEntropy: (tf, { attributes }, inputs) => {
    const { hidden, targetRows, chunks, rounded } = crossEntropyInputs(inputs, attributes);
    const logits =
      rounded?.map(({ w, scales }) => quantizedProduct(tf, hidden, w, scales)) ??
      chunks.map((chunk) => tf.matMul(hidden, chunk, false, true));
    const logSums = tf.concat(
      logits.map((x) => tf.logSumExp(x, 1, true)),
      1,
    );
    const targets = tf.sum(tf.mul(hidden, targetRows), 1);
    const losses = tf.sub(tf.logSumExp(logSums, 1), targets);
    const shares = tf.split(tf.softmax(logSums), chunks.length, 1);
    return [losses, ...logits.map((x) => tf.softmax(x)), ...shares];
  },
  paddedCrossEntropy: (tf, { attributes: { vocabulary } }, [hidden, weight, targets]) => {
    const rows = weight!.shape[0]!;
    const mask = Array.from({ length: rows }, (_, row) => (row < vocabulary ? 0 : maskedScore));
    const logits = tf.add(tf.matMul(hidden!, weight!, false, true), tf.tensor(mask));
    const atTarget = tf.cast(tf.oneHot(targets as Tfjs.Tensor1D, rows), 'float32');
    const losses = tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, atTarget), 1));
    return [losses, tf.sub(tf.softmax(logits), atTarget)];
  },
  reduceSum: (tf, { attributes: { axes, keepDimensions } }, [x]) => [tf.sum(x!, [...axes], keepDimensions)],
  sumOfSquares: unary((tf, x) => tf.sum(tf.square(x))),
  reshape: (tf, { attributes: { shape } }, [x]) => [tf.reshape(x!, [...shape])],
  broadcastTo: (tf, { attributes: { shape } }, [x]) => [tf.broadcastTo(x!, [...shape])],
  transpose: (tf, { attributes: { permutation } }, [x]) => [tf.transpose(x!, [...permutation])],
  split: (tf, { attributes: { axis, sizes } }, [x]) => tf.split(x!, [...sizes], axis),
  concat: (tf, { attributes: { axis } }, inputs) => [tf.concat([...inputs], axis)],
  gatherRows: (tf, _, [table, indices]) => [tf.gather(table!, indices as Tfjs.Tensor1D)],
  // TensorFlow's scatterND adds up equal indices.
  scatterAddRows: (tf, { attributes: { rows }, inputs }, [updates, indices]) => [
    tf.scatterND(tf.expandDims(indices as Tfjs.Tensor1D, 1), updates!, [rows, inputs[0]!.shape[1]!]),
  ],
  rowsWithin: (tf, { attributes: { first, count } }, [indices]) => {
    const number = (value: number): Tfjs.Scalar => tf.scalar(value, 'int32');
    const isIn = [
      tf.lessEqual(number(first), indices!),
      tf.lessEqual(indices!, number(first + count - 1)),
    ].map((truth) => tf.cast(truth, 'int32'));
    const inside = tf.mul(isIn[0]!, isIn[1]!);
    const local = tf.mul(tf.sub(indices!, number(first)), inside);
    return [local, tf.expandDims(tf.cast(inside, 'float32'), 1)];
  },
  dropoutFactors: () => {
    throw new RangeError('TensorFlow.js has no products of int32 modulo 2³²');
  },
  quantizedMatmul: (tf, _, [x, w, scales]) => [quantizedProduct(tf, x!, w!, scales!)],
  cachedAttention: (tf, { attributes }, [projections, pastKeys, pastValues, lengths]) => {
    const { heads, keyValueHeads, scale } = attributes;
    const [rows, , capacity, width] = pastKeys!.shape as [number, number, number, number];
    const fresh = tf.reshape(projections!, [rows, -1, heads + 2 * keyValueHeads, width]);
    const parts = tf.split(tf.transpose(fresh, [0, 2, 1, 3]), [heads, keyValueHeads, keyValueHeads], 1);
    const [query, key, value] = parts as [Tfjs.Tensor, Tfjs.Tensor, Tfjs.Tensor];
    const tokens = fresh.shape[1]!;
    const first = tf.reshape(tf.sub(lengths!, tokens), [rows, 1]);
    const positions = tf.cast(tf.add(first, tf.range(0, tokens, 1, 'int32')), 'int32');
    const places = tf.expandDims(tf.cast(tf.oneHot(positions as Tfjs.Tensor2D, capacity), 'float32'), 1);
    const kept = tf.expandDims(tf.sub(1, tf.sum(places, 2)), 3);
    const spread = tf.tile(places, [1, keyValueHeads, 1, 1]);
    const store = (past: Tfjs.Tensor, added: Tfjs.Tensor): Tfjs.Tensor =>
      tf.add(tf.mul(past, kept), tf.matMul(spread, added, true));
    const [keys, values] = [store(pastKeys!, key), store(pastValues!, value)];
    const seen = tf.lessEqual(tf.range(0, capacity, 1, 'int32'), tf.reshape(positions, [rows, 1, tokens, 1]));
    // Heads that share keys and values are rows of one.
    const grouped = tf.reshape(query, [rows, keyValueHeads, -1, width]);
    const products = tf.mul(tf.matMul(grouped, keys, false, true), scale);
    const scores = tf.reshape(products, [rows, heads, tokens, capacity]);
    const weights = tf.softmax(tf.where(seen, scores, tf.fill(scores.shape, maskedScore)));
    const taken = tf.matMul(tf.reshape(weights, [rows, keyValueHeads, -1, capacity]), values);
    const output = tf.transpose(tf.reshape(taken, [rows, heads, tokens, width]), [0, 2, 1, 3]);
    return [tf.reshape(output, [rows * tokens, heads * width]), keys, values];
  },
  causalMask: (tf, _, [visible, tokens]) => {
    const [rows, keys] = visible!.shape as [number, number];
    const [, queries] = tokens!.shape as [number, number];
    const positions = tf.range(keys - queries, keys, 1, 'int32');
    const isPast = tf.lessEqual(tf.range(0, keys, 1, 'int32'), tf.reshape(positions, [queries, 1]));
    const seen = tf.mul(tf.cast(isPast, 'int32'), tf.reshape(visible!, [rows, 1, 1, keys]));
    return [tf.mul(tf.sub(1, tf.cast(seen, 'float32')), maskedScore)];
  },
  argMax: (tf, _, [x]) => {
    const index = tf.expandDims(tf.cast(tf.argMax(x!, 1), 'float32'), 1);
    return [tf.where(tf.isFinite(tf.max(x!, 1, true)), index, tf.fill(index.shape, -1))];
  },
  keepTopK: (tf, _, [weights, counts]) => {
    const cutoff = weightAtRank(tf, weights!, tf.minimum(counts!, weights!.shape[1]!));
    const above = tf.sum(tf.cast(tf.greater(weights!, cutoff), 'float32'), 1, true);
    return [keepFirstTies(tf, weights!, cutoff, tf.add(tf.sub(counts!, above), 0.5))];
  },
  keepTopP: (tf, _, [weights, shares]) => {
    const target = tf.mul(shares!, tf.sum(weights!, 1, true));
    const before = tf.cumsum(tf.topk(weights!, weights!.shape[1]!).values, 1, true);
    const sizes = tf.sum(tf.cast(tf.less(before, target), 'float32'), 1, true);
    const cutoff = weightAtRank(tf, weights!, sizes);
    const isAbove = tf.cast(tf.greater(weights!, cutoff), 'float32');
    const missing = tf.div(tf.sub(target, tf.sum(tf.mul(weights!, isAbove), 1, true)), cutoff);
    return [keepFirstTies(tf, weights!, cutoff, tf.add(missing, 1))];
  },
  drawByWeight: (tf, _, [weights, points]) => {
    const sums = tf.cumsum(weights!, 1);
    const total = tf.max(sums, 1, true);
    const limit = tf.minimum(tf.mul(points!, total), tf.mul(total, 1 - 2 ** -23));
    const index = tf.sum(tf.cast(tf.lessEqual(sums, limit), 'float32'), 1, true);
    return [tf.where(tf.greater(total, 0), index, tf.fill(index.shape, -1))];
  },
};

/** The weight of each row [N,V] that has the rank [N,1], 1 for the largest. */
function weightAtRank(tf: TfjsModule, weights: Tfjs.Tensor, rank: Tfjs.Tensor): Tfjs.Tensor {
  const length = weights.shape[1]!;
  const isFrom = tf.lessEqual(rank, tf.range(1, length + 1));
  return tf.max(tf.mul(tf.topk(weights, length).values, tf.cast(isFrom, 'float32')), 1, true);
}

/** The weights above a cutoff [N,1], and those equal to it whose number, counted from 1, is below `bound` [N,1]. */
function keepFirstTies(
  tf: TfjsModule,
  weights: Tfjs.Tensor,
  cutoff: Tfjs.Tensor,
  bound: Tfjs.Tensor,
): Tfjs.Tensor {
  const isTie = tf.cast(tf.equal(weights, cutoff), 'float32');
  const isFirst = tf.cast(tf.less(tf.cumsum(isTie, 1), bound), 'float32');
  const isKept = tf.add(tf.cast(tf.greater(weights, cutoff), 'float32'), tf.mul(isTie, isFirst));
  return tf.mul(weights, isKept);
}

function evaluate<Op extends OpName>(
  tf: TfjsModule,
  node: OpNode<Op>,
  inputs: readonly Tfjs.Tensor[],
): readonly Tfjs.Tensor[] {
  return evaluators[node.op](tf, node, inputs);
}

/**
 * Evaluates graphs with TensorFlow.js ops, on the module's backend. Slower than ONNX Runtime on the CPU; for
 * `@tensorflow/tfjs-node-gpu` where that is installed, and as an independent check of every op.
 * @param tf the module, its backend registered and ready.
 */
export function createTfjsEngine(tf: TfjsModule): Engine {
  return {
    name: `tfjs ${tf.getBackend()}`,
    compile: async (outputs, { constants, dynamicAxes } = {}) =>
      new TfjsProgram(tf, outputs, constants ?? new Map(), new Set(Object.keys(dynamicAxes ?? {}))),
  };
}

function arrayOf(values: Readonly<Record<string, Value>>, name: string): NumericArray {
  const value = values[name]!;
  if (!isArray(value)) throw new RangeError(`${name}: is a tensor of another engine's device`);
  return value;
}

class TfjsProgram implements Program {
  private readonly order: readonly OpNode[];
  private readonly inputNames: ReadonlySet<string>;

  constructor(
    private readonly tf: TfjsModule,
    private readonly outputs: Readonly<Record<string, Tensor>>,
    private readonly constants: ReadonlyMap<string, NumericArray>,
    private readonly dynamicRows: ReadonlySet<string>,
  ) {
    this.order = topologicalOrder(Object.values(outputs));
    if (this.order.some(({ outputs }) => outputs.some(({ dtype }) => dtype === 'float16')))
      throw new RangeError(noFloat16);
    const inputs = this.order.filter((node): node is OpNode<'input'> => node.op === 'input');
    this.inputNames = new Set(inputs.map(({ attributes }) => attributes.name));
  }

  async run(feeds: Readonly<Record<string, Value>>, results: Readonly<Record<string, Value>>): Promise<void> {
    const unknown = Object.keys(feeds).find((name) => !this.inputNames.has(name) || this.constants.has(name));
    if (unknown !== undefined) throw new RangeError(`${unknown}: the graph has no such input`);
    const computed = this.tf.tidy(() => this.evaluateGraph(feeds));
    try {
      for (const [name, value] of Object.entries(computed)) {
        arrayOf(results, name).set((await value.data()) as Float32Array | Int32Array);
      }
    } finally {
      this.tf.dispose(computed);
    }
  }

  private evaluateGraph(feeds: Readonly<Record<string, Value>>): Record<string, Tfjs.Tensor> {
    const values = new Map<Tensor, Tfjs.Tensor>();
    for (const node of this.order) {
      const nodeOutputs =
        node.op === 'input'
          ? [this.wrap((node as OpNode<'input'>).attributes, feeds)]
          : evaluate(
              this.tf,
              node,
              node.inputs.map((input) => values.get(input)!),
            );
      for (const [index, value] of nodeOutputs.entries()) values.set(node.outputs[index]!, value);
    }
    return Object.fromEntries(
      Object.entries(this.outputs).map(([name, tensor]) => [name, values.get(tensor)!]),
    );
  }

  private wrap(
    { name, ...specification }: OpNode<'input'>['attributes'],
    feeds: Readonly<Record<string, Value>>,
  ): Tfjs.Tensor {
    const array = this.constants.get(name) ?? (feeds[name] && arrayOf(feeds, name));
    const shape = checkedShape(name, array, specification, this.dynamicRows.has(name));
    const type = specification.dtype === 'float32' ? 'float32' : 'int32';
    return this.tf.tensor(array instanceof Int8Array ? Int32Array.from(array) : array!, [...shape], type);
  }

  async dispose(): Promise<void> {
    // Nothing outlives a run.
  }
}
