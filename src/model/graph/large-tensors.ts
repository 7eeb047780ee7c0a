import {
  apply,
  broadcastTo,
  cast,
  concat,
  divide,
  gatherRows,
  input,
  matmul,
  multiply,
  reduceSum,
  reshape,
  rowsWithin,
  scatterAddRows,
  split,
  sumOfSquares,
} from './builder.js';
import {
  type Chunk,
  type Chunked,
  Chunker,
  chunksOf,
  equalSteps,
  isWhole,
  joined,
  LargeTensorError,
  rowElements,
  sum,
  total,
} from './chunks.js';
import type { OpAttributes, OpName } from './op-table.js';
import type { Shape } from './shape.js';
import { type OpNode, type Tensor, topologicalOrder } from './tensor.js';

type Rule<Op extends OpName> = (
  chunker: Chunker,
  node: OpNode<Op>,
  inputs: readonly Chunked[],
) => readonly Chunked[];

/** Computes chunks of rows; operands without the first axis, or with a single row, are used whole. */
const byRows: Rule<OpName> = (chunker, node, inputs) => {
  const [{ shape }] = node.outputs as [Tensor];
  const isAligned = (operand: Tensor): boolean =>
    operand.shape.length === shape.length && operand.shape[0] === shape[0];
  const aligned = node.inputs.filter(isAligned);
  const rows = chunker.commonRows(node, [shape, ...aligned.map((operand) => operand.shape)]);
  const operands = inputs.map((value, index) =>
    isAligned(node.inputs[index]!) ? chunker.cut(value, rows) : chunker.whole(node, value),
  );
  const results = rows.map((_, chunk) =>
    apply(
      node.op,
      operands.map((operand) => (isWhole(operand) ? operand : operand[chunk]!)),
      node.attributes,
    ),
  );
  return valuesOf(chunker, node, results);
};

/** The outputs of a node, from the outputs computed for each chunk of rows. */
function valuesOf(chunker: Chunker, node: OpNode, chunkOutputs: readonly (readonly Tensor[])[]): Chunked[] {
  return node.outputs.map((_, index) =>
    chunker.value(
      node,
      chunkOutputs.map((outputs) => outputs[index]!),
    ),
  );
}

/** For ops over the last axis: by rows, unless the tensor is a vector, whose only axis that is. */
const byRowsBeforeLastAxis: Rule<OpName> = (chunker, node, inputs) => {
  if (node.outputs[0]!.shape.length < 2) throw new LargeTensorError(node.op, node.outputs[0]!);
  return byRows(chunker, node, inputs);
};

const columns = (x: Tensor, sizes: readonly number[]): readonly Tensor[] =>
  sizes.length === 1 ? [x] : split(x, 1, sizes);

/** By chunks of rows; where the inner axis is in chunks, their products are summed. */
const matmulInChunks: Rule<'matmul'> = (chunker, node, [left, right]) => {
  const { transposeA, transposeB } = node.attributes;
  const [a, b] = node.inputs as [Tensor, Tensor];
  const [out] = node.outputs as [Tensor];
  const times = (x: Tensor, y: Tensor): Tensor => matmul(x, y, node.attributes);
  if (a.shape.length > 2) return byRows(chunker, node, [left!, right!]);
  if (transposeA) {
    const inner = transposeB ? chunker.rows(node, a.shape) : chunker.commonRows(node, [a.shape, b.shape]);
    const rows = chunker.rows(node, out.shape);
    const x = chunker.cut(left!, inner).map((chunk) => columns(chunk, rows));
    const y = transposeB ? columns(chunker.whole(node, right!), inner) : chunker.cut(right!, inner);
    const products = rows.map((_, row) => sum(x.map((blocks, index) => times(blocks[row]!, y[index]!))));
    return [chunker.value(node, products)];
  }
  const rows = chunker.rows(node, b.shape);
  const y = chunker.cut(right!, rows);
  const products = chunker.cut(left!, chunker.commonRows(node, [a.shape, out.shape])).map((chunk) => {
    if (transposeB)
      return joined(
        y.map((factor) => times(chunk, factor)),
        1,
      );
    return sum(columns(chunk, rows).map((x, index) => times(x, y[index]!)));
  });
  return [chunker.value(node, products)];
};

/** The smallest numbers of rows of `from` and of `to` that hold the same elements. */
function commonRowUnit(node: OpNode, from: Shape, to: Shape): { from: number; to: number } {
  const [a, b] = [rowElements(from), rowElements(to)];
  const larger = Math.max(a, b);
  if (larger % a !== 0 || larger % b !== 0) throw new LargeTensorError(node.op, node.outputs[0]!);
  return { from: larger / a, to: larger / b };
}

/**
 * By chunks of tokens; a chunk of the vocabulary that is too large is divided further, and its softmaxes are combined
 * by their shares.
 */
const crossEntropyInChunks: Rule<'linearCrossEntropy'> = (
  chunker,
  node,
  [hidden, targetRows, ...weights],
) => {
  // Nothing that computes in 8 bits has a limit.
  if (node.attributes.quantized) throw new LargeTensorError(node.op, node.outputs[0]!);
  const [tokens, , ...weightTensors] = node.inputs as readonly [Tensor, Tensor, ...Tensor[]];
  const rows = chunker.commonRows(node, [tokens.shape, ...node.outputs.map(({ shape }) => shape)]);
  const smaller = weights.map((weight, index) =>
    chunker.cut(weight, chunker.rows(node, weightTensors[index]!.shape)),
  );
  const targets = chunker.cut(targetRows!, rows);
  const results = chunker.cut(hidden!, rows).map((states, chunk) => {
    const inputs = [states, targets[chunk]!, ...smaller.flat()];
    const [losses, ...found] = apply('linearCrossEntropy', inputs, node.attributes);
    const softmaxes = found.splice(0, found.length / 2);
    const together = smaller.map(({ length }) => {
      const [within, shares] = [softmaxes.splice(0, length), found.splice(0, length)];
      const share = sum(shares);
      const scaled = within.map((softmax, index) => multiply(softmax, divide(shares[index]!, share)));
      return { softmax: length === 1 ? within[0]! : concat(scaled, 1), share };
    });
    return [losses!, ...together.map(({ softmax }) => softmax), ...together.map(({ share }) => share)];
  });
  return valuesOf(chunker, node, results);
};

/** By chunks of tokens, each with the whole output layer. */
const paddedCrossEntropyInChunks: Rule<'paddedCrossEntropy'> = (chunker, node, [hidden, weight, targets]) => {
  const shapes = [node.inputs[0]!.shape, ...node.outputs.map(({ shape }) => shape)];
  const rows = chunker.commonRows(node, shapes);
  const whole = chunker.whole(node, weight!);
  const where = chunker.cut(targets!, rows);
  const results = chunker
    .cut(hidden!, rows)
    .map((states, chunk) => apply(node.op, [states, whole, where[chunk]!], node.attributes));
  return valuesOf(chunker, node, results);
};

/** Rows [N,C], zeros where `inside` [N,1] is 0. */
const masked = (rows: Tensor, inside: Tensor): Tensor =>
  multiply(rows, cast(inside, rows.dtype === 'float16' ? 'float16' : 'float32'));

/** For each chunk of a table: which indices fall in it, and where. @param rows number of rows of each chunk. */
function rowsWithinChunks(rows: readonly number[], indices: Tensor): ReturnType<typeof rowsWithin>[] {
  return rows.map((count, chunk) => rowsWithin(indices, total(rows.slice(0, chunk)), count));
}

/** By rows: of x, of its statistics, of the gradient; the scale is whole. Gradients by the scale, and by a bias, add up. */
const normGradientInChunks: Rule<'layerNormalizationGradient' | 'rmsNormalizationGradient'> = (
  chunker,
  node,
  inputs,
) => {
  const rows = chunker.commonRows(node, [node.inputs[0]!.shape]);
  const cut = inputs.map((value, index) => (index === 1 ? undefined : chunker.cut(value, rows)));
  const scale = chunker.whole(node, inputs[1]!);
  const results = rows.map((_, chunk) =>
    apply(
      node.op,
      cut.map((chunks) => chunks?.[chunk] ?? scale),
      node.attributes,
    ),
  );
  const [byX, ...byVectors] = node.outputs.map((_, output) => results.map((outputs) => outputs[output]!));
  return [chunker.value(node, byX!), ...byVectors.map(sum)];
};

/** How each op is computed on chunked tensors; ops without a rule cannot be. */
const rules: { readonly [Op in OpName]?: Rule<Op> } = {
  cast: byRows,
  add: byRows,
  subtract: byRows,
  multiply: byRows,
  divide: byRows,
  squareRoot: byRows,
  sigmoid: byRows,
  gelu: byRows,
  geluGradient: byRows,
  gatedSilu: byRows,
  softmax: byRowsBeforeLastAxis,
  layerNormalization: byRowsBeforeLastAxis,
  layerNormalizationGradient: normGradientInChunks,
  rmsNormalization: byRowsBeforeLastAxis,
  rmsNormalizationGradient: normGradientInChunks,
  rotate: (chunker, node, [x, positions, ...tables]) => {
    const rows = chunker.commonRows(node, [node.outputs[0]!.shape]);
    const [parts, places] = [chunker.cut(x!, rows), chunker.cut(positions!, rows)];
    const angles = tables.map((table) => chunker.whole(node, table));
    const turned = parts.map((part, chunk) => apply('rotate', [part, places[chunk]!, ...angles], {})[0]!);
    return [chunker.value(node, turned)];
  },
  matmul: matmulInChunks,
  linearCrossEntropy: crossEntropyInChunks,
  paddedCrossEntropy: paddedCrossEntropyInChunks,
  reduceSum: (chunker, node, [x]) => {
    const { axes, keepDimensions } = node.attributes;
    const chunks = chunker.cut(x!, chunker.rows(node, node.inputs[0]!.shape));
    const kept = keepDimensions || axes.includes(0);
    const sums = chunks.map((chunk) => reduceSum(chunk, axes, kept));
    return axes.includes(0) ? [reshape(sum(sums), node.outputs[0]!.shape)] : [chunker.value(node, sums)];
  },
  sumOfSquares: (chunker, node, [x]) => {
    const chunks = chunker.cut(x!, chunker.rows(node, node.inputs[0]!.shape));
    return [sum(chunks.map((chunk) => sumOfSquares(chunk)))];
  },
  reshape: (chunker, node, [x]) => {
    const [from, to] = [node.inputs[0]!.shape, node.attributes.shape];
    const unit = commonRowUnit(node, from, to);
    const count = Math.floor(chunker.rows(node, from)[0]! / unit.from);
    if (count === 0) throw new LargeTensorError(node.op, node.outputs[0]!);
    const chunks = chunker.cut(x!, equalSteps(from[0]!, count * unit.from));
    const reshaped = chunks.map((chunk) => {
      const rows = (chunk.shape[0]! / unit.from) * unit.to;
      return reshape(chunk, to.with(0, rows));
    });
    return [chunker.value(node, reshaped)];
  },
  broadcastTo: (chunker, node, [x]) => {
    const { shape } = node.attributes;
    const { shape: from } = node.inputs[0]!;
    const rows = chunker.rows(node, shape);
    const isAligned = from.length === shape.length && from[0] === shape[0];
    const sources = isAligned ? chunker.cut(x!, rows) : rows.map(() => chunker.whole(node, x!));
    return [rows.map((count, chunk) => broadcastTo(sources[chunk]!, shape.with(0, count)))];
  },
  transpose: (chunker, node, inputs) => {
    if (node.attributes.permutation[0] !== 0) throw new LargeTensorError(node.op, node.outputs[0]!);
    return byRows(chunker, node, inputs);
  },
  split: (chunker, node, [x]) => {
    const { axis, sizes } = node.attributes;
    if (axis === 0) {
      const rows = node.outputs.map(({ shape }) => chunker.rows(node, shape));
      const chunks = [...chunker.cut(x!, rows.flat())];
      return rows.map(({ length }) => chunker.value(node, chunks.splice(0, length)));
    }
    const chunks = chunker.cut(x!, chunker.rows(node, node.inputs[0]!.shape));
    return valuesOf(
      chunker,
      node,
      chunks.map((chunk) => split(chunk, axis, sizes)),
    );
  },
  concat: (chunker, node, inputs) => {
    const { axis } = node.attributes;
    const rows = chunker.rows(node, node.outputs[0]!.shape);
    if (axis === 0) return [chunker.value(node, inputs.flat() as Tensor[])];
    const operands = inputs.map((value) => chunker.cut(value, rows));
    return [
      rows.map((_, chunk) =>
        concat(
          operands.map((chunks) => chunks[chunk]!),
          axis,
        ),
      ),
    ];
  },
  rowsWithin: byRows,
  dropoutFactors: (chunker, node, inputs) => {
    const { shape, probability } = node.attributes;
    const counts = chunker.rows(node, shape);
    const perCount = node.inputs[0]!.shape[0]! / shape[0]!;
    const [factors, offsets] = [0, 1].map((index) =>
      chunker.cut(
        inputs[index]!,
        counts.map((count) => count * perCount),
      ),
    );
    const columns = [2, 3].map((index) => chunker.whole(node, inputs[index]!));
    const drawn = counts.map(
      (count, chunk) =>
        apply(node.op, [factors![chunk]!, offsets![chunk]!, ...columns], {
          shape: shape.with(0, count),
          probability,
        })[0]!,
    );
    return [chunker.value(node, drawn)];
  },
  argMax: byRows,
  keepTopK: byRows,
  keepTopP: byRows,
  drawByWeight: byRows,
  // A row comes from the chunk that contains it; the other chunks contribute zeros.
  gatherRows: (chunker, node, [table, indices]) => {
    if (node.inputs[1]!.shape.length !== 1) throw new LargeTensorError(node.op, node.outputs[0]!);
    const tables = chunker.cut(table!, chunker.rows(node, node.inputs[0]!.shape));
    const gathered = chunker.cut(indices!, chunker.rows(node, node.outputs[0]!.shape)).map((chunkIndices) => {
      if (tables.length === 1) return gatherRows(tables[0]!, chunkIndices);
      const places = rowsWithinChunks(
        tables.map(({ shape }) => shape[0]!),
        chunkIndices,
      );
      return sum(
        tables.map((chunk, index) => masked(gatherRows(chunk, places[index]!.local), places[index]!.inside)),
      );
    });
    return [chunker.value(node, gathered)];
  },
  // Each chunk adds up the rows that belong to it, and zeros for the others.
  scatterAddRows: (chunker, node, [updates, indices]) => {
    const rows = chunker.rows(node, node.inputs[0]!.shape);
    const sums = chunker.rows(node, node.outputs[0]!.shape);
    const added = chunker.cut(updates!, rows);
    const byUpdates = chunker.cut(indices!, rows).map((where, index) => {
      if (sums.length === 1) return [scatterAddRows(added[index]!, where, sums[0]!)];
      return rowsWithinChunks(sums, where).map(({ local, inside }, chunk) =>
        scatterAddRows(masked(added[index]!, inside), local, sums[chunk]!),
      );
    });
    const scattered = sums.map((_, chunk) => sum(byUpdates.map((chunks) => chunks[chunk]!)));
    return [chunker.value(node, scattered)];
  },
};

function splitNode<Op extends OpName>(
  chunker: Chunker,
  node: OpNode<Op>,
  inputs: readonly Chunked[],
): readonly Chunked[] {
  const rule = rules[node.op] as Rule<Op> | undefined;
  if (rule) return rule(chunker, node, inputs);
  const large = [...node.outputs, ...node.inputs].find((tensor) => chunker.isLarge(tensor))!;
  throw new LargeTensorError(node.op, large);
}

/** A graph in which no tensor exceeds the size limit. */
export interface ChunkedGraph {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The chunks of inputs and outputs that were too large, by name. */
  readonly chunks: ReadonlyMap<string, readonly Chunk[]>;
}

/**
 * Rewrites a graph so that no tensor exceeds a size limit: larger ones are split into chunks along their first axis,
 * and ops on them are computed chunk by chunk. Sums over a large axis are then added in another order.
 * @param maximumElements most elements a tensor may have.
 * @throws LargeTensorError naming an op that cannot be computed in chunks.
 */
export function splitLargeTensors(
  outputs: Readonly<Record<string, Tensor>>,
  maximumElements: number,
): ChunkedGraph {
  const chunker = new Chunker(maximumElements);
  const named = new Map<string, readonly Chunk[]>();
  const values = new Map<Tensor, Chunked>();
  for (const node of topologicalOrder(Object.values(outputs))) {
    const inputs = node.inputs.map((tensor) => values.get(tensor)!);
    let nodeOutputs: readonly Chunked[];
    if ([...node.inputs, ...node.outputs].some((tensor) => chunker.isLarge(tensor))) {
      if (node.op === 'input') {
        const { name, ...specification } = node.attributes as OpAttributes['input'];
        const chunks = chunksOf(name, specification, maximumElements)!;
        named.set(name, chunks);
        nodeOutputs = [
          chunks.map((chunk) => input(chunk.name, chunk.specification.shape, chunk.specification.dtype)),
        ];
      } else nodeOutputs = splitNode(chunker, node, inputs);
    } else {
      const isSame = inputs.every((value, index) => value === node.inputs[index]);
      nodeOutputs = isSame ? node.outputs : apply(node.op, inputs as Tensor[], node.attributes);
    }
    for (const [index, value] of nodeOutputs.entries()) values.set(node.outputs[index]!, value);
  }
  const results: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    const value = values.get(tensor)!;
    if (isWhole(value)) results[name] = value;
    else {
      const chunks = chunksOf(name, tensor, maximumElements)!;
      named.set(name, chunks);
      for (const [index, chunk] of chunks.entries()) results[chunk.name] = value[index]!;
    }
  }
  return { outputs: results, chunks: named };
}
