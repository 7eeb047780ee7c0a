import { add, split } from '../../graph/builder.js';
import { elementCount, formatShape } from '../../graph/shape.js';
import { countUses, type OpNode, type Tensor, topologicalOrder } from '../../graph/tensor.js';

/** A range of one of the caller's arrays that the runtime sees as a tensor of its own. */
interface View {
  readonly array: string;
  readonly start: number;
  readonly end: number;
}

/** Rows to add to an output after the run: the session output `updates`, at the indices in a range of an input. */
interface RowAddition {
  readonly output: string;
  readonly updates: string;
  readonly indices: View;
}

/** How the runtime reads and writes a graph's inputs and outputs in the caller's arrays, without copies. */
export interface ZeroCopyPlan {
  /** What the runtime computes: the outputs, some in chunks, and row updates. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Splits of inputs whose chunks become inputs of their own, with the chunks' names. */
  readonly splitInputs: ReadonlyMap<OpNode, readonly string[]>;
  /** Chunks of inputs and outputs by name. */
  readonly views: ReadonlyMap<string, View>;
  readonly additions: readonly RowAddition[];
  /** Outputs that consist only of added rows; zeroed first. */
  readonly empty: ReadonlySet<string>;
}

const isNode = <Op extends OpNode['op']>(node: OpNode, op: Op): node is OpNode<Op> => node.op === op;

const isRowConcat = (tensor: Tensor): boolean =>
  isNode(tensor.node, 'concat') && tensor.node.attributes.axis === 0;

/** The terms of equal shape that a tensor is the sum of; a sum with another use is a term itself. */
function termsOf(tensor: Tensor, uses: ReadonlyMap<Tensor, number>): Tensor[] {
  const isSum =
    tensor.node.op === 'add' &&
    uses.get(tensor) === 1 &&
    tensor.node.inputs.every(({ shape }) => formatShape(shape) === formatShape(tensor.shape));
  return isSum ? tensor.node.inputs.flatMap((operand) => termsOf(operand, uses)) : [tensor];
}

/** Names the chunks of a split along the first axis and adds their ranges to `views`. */
function addViews(
  views: Map<string, View>,
  array: string,
  chunks: readonly { readonly shape: Tensor['shape'] }[],
): string[] {
  let start = 0;
  return chunks.map(({ shape }) => {
    const end = start + elementCount(shape);
    const name = `${array}[${start}:${end}]`;
    views.set(name, { array, start, end });
    start = end;
    return name;
  });
}

/**
 * Finds copies that can be avoided. An input that is split along its first axis is read in chunks in place; an output
 * that is a concatenation along it is written in chunks in place. Rows scattered into an output are added after the
 * run: ONNX Runtime would add them in one thread, element by element, with an index for every element.
 * @param fixed inputs and outputs that stay whole: constants, and those with dynamic axes.
 */
export function planZeroCopy(
  outputs: Readonly<Record<string, Tensor>>,
  fixed: ReadonlySet<string>,
): ZeroCopyPlan {
  const uses = countUses(Object.values(outputs));
  const views = new Map<string, View>();
  const computed: Record<string, Tensor> = {};
  const additions: RowAddition[] = [];
  const empty = new Set<string>();
  const updateNames = new Map<Tensor, string>();
  for (const [name, output] of Object.entries(outputs)) {
    const terms = fixed.has(name) ? [output] : termsOf(output, uses);
    const isAddition = (term: Tensor): boolean =>
      !fixed.has(name) &&
      term.node.op === 'scatterAddRows' &&
      viewOf(term.node.inputs[1]!) !== undefined &&
      uses.get(term) === 1;
    const dense = terms.filter((term) => !isAddition(term));
    for (const { node } of terms.filter(isAddition)) {
      const [updates, indices] = node.inputs as [Tensor, Tensor];
      const known = updateNames.get(updates) ?? `rows.${updateNames.size}`;
      updateNames.set(updates, known);
      additions.push({ output: name, updates: known, indices: viewOf(indices)! });
      computed[known] = updates;
    }
    const rows = fixed.has(name) ? undefined : dense.find(isRowConcat);
    if (rows) {
      const chunks = sumInChunks(dense, rows.node.inputs);
      for (const [index, chunk] of addViews(views, name, chunks).entries()) computed[chunk] = chunks[index]!;
    } else if (dense.length === 0) empty.add(name);
    else computed[name] = dense.length === terms.length ? output : dense.reduce((a, b) => add(a, b));
  }
  const splitInputs = new Map<OpNode, string[]>();
  for (const node of topologicalOrder(Object.values(computed))) {
    const [x] = node.inputs;
    if (!isNode(node, 'split') || node.attributes.axis !== 0 || x!.node.op !== 'input') continue;
    if (!fixed.has(inputName(x!))) splitInputs.set(node, addViews(views, inputName(x!), node.outputs));
  }
  return { outputs: computed, splitInputs, views, additions, empty };
}

/** The range of an input that a tensor is: the whole input, or a chunk along its first axis. */
function viewOf({ node, index, shape }: Tensor): View | undefined {
  const size = elementCount(shape);
  if (node.op === 'input') return { array: inputName(node.outputs[0]!), start: 0, end: size };
  const [x] = node.inputs;
  if (!isNode(node, 'split') || node.attributes.axis !== 0 || x!.node.op !== 'input') return undefined;
  const earlier = node.outputs.slice(0, index);
  const start = earlier.reduce((sum, chunk) => sum + elementCount(chunk.shape), 0);
  return { array: inputName(x!), start, end: start + size };
}

const inputName = ({ node }: Tensor): string => (node as OpNode<'input'>).attributes.name;

/** Σ terms, split along the first axis into chunks like those of `like`. */
function sumInChunks(terms: readonly Tensor[], like: readonly Tensor[]): Tensor[] {
  const sizes = like.map(({ shape }) => shape[0]!);
  const cut = terms.map((term) => {
    const own = term.node.inputs.map(({ shape }) => shape[0]!);
    const isCutAlike = isRowConcat(term) && formatShape(own) === formatShape(sizes);
    return isCutAlike ? term.node.inputs : split(term, 0, sizes);
  });
  return sizes.map((_, chunk) => cut.map((chunks) => chunks[chunk]!).reduce((a, b) => add(a, b)));
}
