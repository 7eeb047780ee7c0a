import {
  add,
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
import type { OpAttributes, OpName } from './op-table.js';
import { topologicalOrder } from './order.js';
import { elementCount, type Shape, type TensorSpecification } from './shape.js';
import type { OpNode, Tensor } from './tensor.js';

/** A tensor whole, or its parts one after the other along the first axis. */
type Value = Tensor | readonly Tensor[];

/** Elements of an input or an output that are an input or an output of their own. */
export interface Part {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly specification: TensorSpecification;
}

/** A graph in which no tensor is too large. */
export interface SplitGraph {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The parts of inputs and outputs that were too large, by name. */
  readonly parts: ReadonlyMap<string, readonly Part[]>;
}

/** A tensor is too large, and its op does not work part by part. */
export class LargeTensorError extends Error {
  constructor(
    readonly op: OpName,
    readonly specification: TensorSpecification,
  ) {
    super(`${op} of [${specification.shape.join(',')}] does not work in parts`);
    this.name = 'LargeTensorError';
  }
}

const isWhole = (value: Value): value is Tensor => !Array.isArray(value);
const isNode = <Op extends OpName>(node: OpNode, op: Op): node is OpNode<Op> => node.op === op;
const rowElements = (shape: Shape): number => elementCount(shape.slice(1));
const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);
const sum = (tensors: readonly Tensor[]): Tensor => tensors.reduce((a, b) => add(a, b));
const joined = (tensors: readonly Tensor[], axis: number): Tensor =>
  tensors.length === 1 ? tensors[0]! : concat(tensors, axis);

function equalSteps(rows: number, step: number): number[] {
  return Array.from({ length: Math.ceil(rows / step) }, (_, part) => Math.min(step, rows - part * step));
}

/**
 * Rows of each part of a tensor; undefined where it may be whole.
 * @param largest elements of the largest tensor; 0 rows of a part say that not even one row fits.
 */
function partRows(shape: Shape, largest: number): number[] | undefined {
  if (elementCount(shape) <= largest) return undefined;
  const step = shape.length === 0 ? 0 : Math.floor(largest / rowElements(shape));
  return step === 0 ? [0] : equalSteps(shape[0]!, step);
}

/**
 * The parts of a tensor by a limit; undefined where it may be whole.
 * @param largest elements of the largest tensor.
 * @throws LargeTensorError where a single row is larger.
 */
export function partsOf(
  name: string,
  { shape, dtype }: TensorSpecification,
  largest: number,
): readonly Part[] | undefined {
  const rows = partRows(shape, largest);
  if (rows?.[0] === 0) throw new LargeTensorError('input', { shape, dtype });
  let start = 0;
  return rows?.map((count) => {
    const end = start + count * rowElements(shape);
    const part = { name: `${name}[${start}:${end}]`, start, end };
    start = end;
    return { ...part, specification: { shape: shape.with(0, count), dtype } };
  });
}

/** What the rules below work with. */
class Parts {
  constructor(private readonly largest: number) {}

  /** Rows of a tensor's parts. */
  rows(node: OpNode, shape: Shape): readonly number[] {
    const rows = partRows(shape, this.largest) ?? [shape[0] ?? 1];
    if (rows[0] === 0) throw new LargeTensorError(node.op, { shape, dtype: 'float32' });
    return rows;
  }

  /** Rows of parts that fit for each of several tensors with as many rows. */
  commonRows(node: OpNode, shapes: readonly Shape[]): readonly number[] {
    const steps = shapes.map((shape) => this.rows(node, shape)[0]!);
    return equalSteps(shapes[0]![0]!, Math.min(...steps));
  }

  isLarge({ shape }: TensorSpecification): boolean {
    return elementCount(shape) > this.largest;
  }

  whole(node: OpNode, value: Value): Tensor {
    if (isWhole(value)) return value;
    const [first] = value;
    const shape = first!.shape.with(0, total(value.map((part) => part.shape[0]!)));
    throw new LargeTensorError(node.op, { shape, dtype: first!.dtype });
  }

  /** Cuts a value into parts of the given rows. */
  cut(value: Value, rows: readonly number[]): readonly Tensor[] {
    const parts = isWhole(value) ? [value] : value;
    const pieces: Tensor[][] = rows.map(() => []);
    let [target, room] = [0, rows[0]!];
    for (const part of parts) {
      const sizes: number[] = [];
      const targets: number[] = [];
      for (let left = part.shape[0]!; left > 0; ) {
        const size = Math.min(left, room);
        sizes.push(size);
        targets.push(target);
        left -= size;
        room -= size;
        if (room === 0) room = rows[++target] ?? 0;
      }
      const cut = sizes.length === 1 ? [part] : split(part, 0, sizes);
      for (const [index, piece] of cut.entries()) pieces[targets[index]!]!.push(piece);
    }
    return pieces.map((group) => joined(group, 0));
  }

  /** Any parts of a tensor as the value it is known by. */
  value(node: OpNode, parts: readonly Tensor[]): Value {
    const shape = parts[0]!.shape.with(0, total(parts.map((part) => part.shape[0]!)));
    const rows = this.rows(node, shape);
    return rows.length === 1 ? joined(parts, 0) : this.cut(parts, rows);
  }
}

type Rule<Op extends OpName> = (parts: Parts, node: OpNode<Op>, inputs: readonly Value[]) => readonly Value[];

/** Works row by row in the first axis; operands without it, or with a single row, are taken whole. */
const byRows: Rule<OpName> = (parts, node, inputs) => {
  const [{ shape }] = node.outputs as [Tensor];
  const isAligned = (operand: Tensor): boolean =>
    operand.shape.length === shape.length && operand.shape[0] === shape[0];
  const aligned = node.inputs.filter(isAligned);
  const rows = parts.commonRows(node, [shape, ...aligned.map((operand) => operand.shape)]);
  const operands = inputs.map((value, index) =>
    isAligned(node.inputs[index]!) ? parts.cut(value, rows) : parts.whole(node, value),
  );
  const made = rows.map((_, part) =>
    apply(
      node.op,
      operands.map((operand) => (isWhole(operand) ? operand : operand[part]!)),
      node.attributes,
    ),
  );
  return node.outputs.map((_, index) =>
    parts.value(
      node,
      made.map((outputs) => outputs[index]!),
    ),
  );
};

/** What works on the last axis alone; of a vector that is all of it. */
const besideLastAxis: Rule<OpName> = (parts, node, inputs) => {
  if (node.outputs[0]!.shape.length < 2) throw new LargeTensorError(node.op, node.outputs[0]!);
  return byRows(parts, node, inputs);
};

const columns = (x: Tensor, sizes: readonly number[]): readonly Tensor[] =>
  sizes.length === 1 ? [x] : split(x, 1, sizes);

/** By parts of the rows, with sums over parts of what is summed over. */
const matrixProduct: Rule<'matmul'> = (parts, node, [left, right]) => {
  const { transposeA, transposeB } = node.attributes;
  const [a, b] = node.inputs as [Tensor, Tensor];
  const [out] = node.outputs as [Tensor];
  const times = (x: Tensor, y: Tensor): Tensor => matmul(x, y, node.attributes);
  if (a.shape.length > 2) return byRows(parts, node, [left!, right!]);
  if (transposeA) {
    const inner = transposeB ? parts.rows(node, a.shape) : parts.commonRows(node, [a.shape, b.shape]);
    const rows = parts.rows(node, out.shape);
    const x = parts.cut(left!, inner).map((piece) => columns(piece, rows));
    const y = transposeB ? columns(parts.whole(node, right!), inner) : parts.cut(right!, inner);
    const products = rows.map((_, row) => sum(x.map((pieces, index) => times(pieces[row]!, y[index]!))));
    return [parts.value(node, products)];
  }
  const rows = parts.rows(node, b.shape);
  const y = parts.cut(right!, rows);
  const products = parts.cut(left!, parts.commonRows(node, [a.shape, out.shape])).map((piece) => {
    if (transposeB)
      return joined(
        y.map((factor) => times(piece, factor)),
        1,
      );
    return sum(columns(piece, rows).map((x, index) => times(x, y[index]!)));
  });
  return [parts.value(node, products)];
};

/** Rows of `from` and of `to` that hold the same elements, as few as can be. */
function commonUnit(node: OpNode, from: Shape, to: Shape): { from: number; to: number } {
  const [a, b] = [rowElements(from), rowElements(to)];
  const larger = Math.max(a, b);
  if (larger % a !== 0 || larger % b !== 0) throw new LargeTensorError(node.op, node.outputs[0]!);
  return { from: larger / a, to: larger / b };
}

/**
 * By parts of the tokens, and by parts of a large piece of the vocabulary as pieces of their own: of those the softmaxes
 * are put together by their shares.
 */
const crossEntropy: Rule<'linearCrossEntropy'> = (parts, node, [hidden, targetRows, ...pieces]) => {
  const [tokens, , ...weights] = node.inputs as readonly [Tensor, Tensor, ...Tensor[]];
  const rows = parts.commonRows(node, [tokens.shape, ...node.outputs.map(({ shape }) => shape)]);
  const subpieces = pieces.map((piece, index) => parts.cut(piece, parts.rows(node, weights[index]!.shape)));
  const targets = parts.cut(targetRows!, rows);
  const made = parts.cut(hidden!, rows).map((states, part) => {
    const inputs = [states, targets[part]!, ...subpieces.flat()];
    const [losses, ...found] = apply('linearCrossEntropy', inputs, node.attributes);
    const softmaxes = found.splice(0, found.length / 2);
    const together = subpieces.map(({ length }) => {
      const [within, shares] = [softmaxes.splice(0, length), found.splice(0, length)];
      const share = sum(shares);
      const scaled = within.map((softmax, index) => multiply(softmax, divide(shares[index]!, share)));
      return { softmax: length === 1 ? within[0]! : concat(scaled, 1), share };
    });
    return [losses!, ...together.map(({ softmax }) => softmax), ...together.map(({ share }) => share)];
  });
  return node.outputs.map((_, index) =>
    parts.value(
      node,
      made.map((outputs) => outputs[index]!),
    ),
  );
};

/** Rows [N,C], zeros where `inside` [N,1] is 0. */
const masked = (rows: Tensor, inside: Tensor): Tensor =>
  multiply(rows, cast(inside, rows.dtype === 'float16' ? 'float16' : 'float32'));

/** Where indices lie in each of the parts of a table, by the parts' rows. */
function placesOf(rows: readonly number[], indices: Tensor): ReturnType<typeof rowsWithin>[] {
  return rows.map((count, part) => rowsWithin(indices, total(rows.slice(0, part)), count));
}

/** How each op works on tensors in parts; ops without a rule do not. */
const rules: { readonly [Op in OpName]?: Rule<Op> } = {
  cast: byRows,
  add: byRows,
  subtract: byRows,
  multiply: byRows,
  divide: byRows,
  squareRoot: byRows,
  sigmoid: byRows,
  gelu: byRows,
  softmax: besideLastAxis,
  layerNormalization: besideLastAxis,
  matmul: matrixProduct,
  linearCrossEntropy: crossEntropy,
  reduceSum: (parts, node, [x]) => {
    const { axes, keepDimensions } = node.attributes;
    const shape = node.inputs[0]!.shape;
    const pieces = parts.cut(x!, parts.rows(node, shape));
    const kept = keepDimensions || axes.includes(0);
    const sums = pieces.map((piece) => reduceSum(piece, axes, kept));
    return axes.includes(0) ? [reshape(sum(sums), node.outputs[0]!.shape)] : [parts.value(node, sums)];
  },
  sumOfSquares: (parts, node, [x]) => {
    const pieces = parts.cut(x!, parts.rows(node, node.inputs[0]!.shape));
    return [sum(pieces.map((piece) => sumOfSquares(piece)))];
  },
  reshape: (parts, node, [x]) => {
    const [from, to] = [node.inputs[0]!.shape, node.attributes.shape];
    const unit = commonUnit(node, from, to);
    const count = Math.floor(parts.rows(node, from)[0]! / unit.from);
    if (count === 0) throw new LargeTensorError(node.op, node.outputs[0]!);
    const pieces = parts.cut(x!, equalSteps(from[0]!, count * unit.from));
    const reshaped = pieces.map((piece) => {
      const rows = (piece.shape[0]! / unit.from) * unit.to;
      return reshape(piece, to.with(0, rows));
    });
    return [parts.value(node, reshaped)];
  },
  broadcastTo: (parts, node, [x]) => {
    const { shape } = node.attributes;
    const { shape: from } = node.inputs[0]!;
    const rows = parts.rows(node, shape);
    const isAligned = from.length === shape.length && from[0] === shape[0];
    const sources = isAligned ? parts.cut(x!, rows) : rows.map(() => parts.whole(node, x!));
    return [rows.map((count, part) => broadcastTo(sources[part]!, shape.with(0, count)))];
  },
  transpose: (parts, node, inputs) => {
    if (node.attributes.permutation[0] !== 0) throw new LargeTensorError(node.op, node.outputs[0]!);
    return byRows(parts, node, inputs);
  },
  split: (parts, node, [x]) => {
    const { axis, sizes } = node.attributes;
    if (axis === 0) {
      const rows = node.outputs.map(({ shape }) => parts.rows(node, shape));
      const pieces = [...parts.cut(x!, rows.flat())];
      return rows.map(({ length }) => parts.value(node, pieces.splice(0, length)));
    }
    const rows = parts.rows(node, node.inputs[0]!.shape);
    const pieces = parts.cut(x!, rows).map((piece) => split(piece, axis, sizes));
    return sizes.map((_, index) =>
      parts.value(
        node,
        pieces.map((outputs) => outputs[index]!),
      ),
    );
  },
  concat: (parts, node, inputs) => {
    const { axis } = node.attributes;
    const rows = parts.rows(node, node.outputs[0]!.shape);
    if (axis === 0) return [parts.value(node, inputs.flat() as Tensor[])];
    const operands = inputs.map((value) => parts.cut(value, rows));
    return [
      rows.map((_, part) =>
        concat(
          operands.map((pieces) => pieces[part]!),
          axis,
        ),
      ),
    ];
  },
  rowsWithin: byRows,
  // A row comes from the part that has it; the other parts give zeros.
  gatherRows: (parts, node, [table, indices]) => {
    const tables = parts.cut(table!, parts.rows(node, node.inputs[0]!.shape));
    const gathered = parts.cut(indices!, parts.rows(node, node.outputs[0]!.shape)).map((wanted) => {
      if (tables.length === 1) return gatherRows(tables[0]!, wanted);
      const places = placesOf(
        tables.map(({ shape }) => shape[0]!),
        wanted,
      );
      return sum(
        tables.map((part, index) => masked(gatherRows(part, places[index]!.local), places[index]!.inside)),
      );
    });
    return [parts.value(node, gathered)];
  },
  // A part adds up the rows that belong to it, and zeros for the others.
  scatterAddRows: (parts, node, [updates, indices]) => {
    const rows = parts.rows(node, node.inputs[0]!.shape);
    const sums = parts.rows(node, node.outputs[0]!.shape);
    const added = parts.cut(updates!, rows);
    const byUpdates = parts.cut(indices!, rows).map((where, index) => {
      if (sums.length === 1) return [scatterAddRows(added[index]!, where, sums[0]!)];
      return placesOf(sums, where).map(({ local, inside }, part) =>
        scatterAddRows(masked(added[index]!, inside), local, sums[part]!),
      );
    });
    const scattered = sums.map((_, part) => sum(byUpdates.map((pieces) => pieces[part]!)));
    return [parts.value(node, scattered)];
  },
};

function splitNode<Op extends OpName>(
  parts: Parts,
  node: OpNode<Op>,
  inputs: readonly Value[],
): readonly Value[] {
  const rule = rules[node.op] as Rule<Op> | undefined;
  if (rule) return rule(parts, node, inputs);
  const large = [...node.outputs, ...node.inputs].find((tensor) => parts.isLarge(tensor))!;
  throw new LargeTensorError(node.op, large);
}

/**
 * A graph that computes the same with no tensor above a limit: larger ones are parts along their first axis, and what
 * is done to them is done part by part. Sums over a large axis are added up in another order.
 * @param largest elements of the largest tensor.
 * @throws LargeTensorError naming an op that does not work in parts.
 */
export function splitLargeTensors(outputs: Readonly<Record<string, Tensor>>, largest: number): SplitGraph {
  const parts = new Parts(largest);
  const named = new Map<string, readonly Part[]>();
  const values = new Map<Tensor, Value>();
  for (const node of topologicalOrder(Object.values(outputs))) {
    const inputs = node.inputs.map((tensor) => values.get(tensor)!);
    let made: readonly Value[];
    if ([...node.inputs, ...node.outputs].some((tensor) => parts.isLarge(tensor))) {
      if (isNode(node, 'input')) {
        const { name, ...specification } = node.attributes as OpAttributes['input'];
        const pieces = partsOf(name, specification, largest)!;
        named.set(name, pieces);
        made = [pieces.map((part) => input(part.name, part.specification.shape, part.specification.dtype))];
      } else made = splitNode(parts, node, inputs);
    } else {
      const isSame = inputs.every((value, index) => value === node.inputs[index]);
      made = isSame ? node.outputs : apply(node.op, inputs as Tensor[], node.attributes);
    }
    for (const [index, value] of made.entries()) values.set(node.outputs[index]!, value);
  }
  const results: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    const value = values.get(tensor)!;
    if (isWhole(value)) results[name] = value;
    else {
      const pieces = partsOf(name, tensor, largest)!;
      named.set(name, pieces);
      for (const [index, part] of pieces.entries()) results[part.name] = value[index]!;
    }
  }
  return { outputs: results, parts: named };
}
