import type { OpName } from '../../graph/op-table.js';
import { formatShape } from '../../graph/shape.js';
import { countUses, type OpNode, type Tensor, topologicalOrder } from '../../graph/tensor.js';
import {
  type ExportContext,
  type Exporter,
  exporters,
  isMatrixProduct,
  type OnnxTarget,
} from './op-exporters.js';
import { type AxisNames, type OnnxModel, OnnxWriter } from './writer.js';

interface ExportOptions {
  /** Names of inputs that are written as weights. */
  readonly constants?: ReadonlySet<string>;
  /**
   * Axes of inputs and outputs whose size is known only at run time, as in torch.onnx's `dynamic_axes`. The graph has
   * sizes for them too, but no op may use them as an attribute: not `reshape` (for the portable target, axes before
   * the first one it changes are safe), `broadcastTo` or `split`.
   */
  readonly dynamicAxes?: Readonly<Record<string, AxisNames>>;
  /** Splits of inputs whose chunks become inputs of their own, with the chunks' names. */
  readonly splitInputs?: ReadonlyMap<OpNode, readonly string[]>;
  /** Default: ONNX Runtime on the processor. */
  readonly target?: OnnxTarget;
}

function exporterOf<Op extends OpName>({ overrides }: OnnxTarget, node: OpNode<Op>): Exporter<Op> {
  return overrides[node.op]?.(node) ?? exporters[node.op];
}

function exportNode<Op extends OpName>(
  target: OnnxTarget,
  context: ExportContext,
  node: OpNode<Op>,
): readonly string[] {
  return exporterOf(target, node)(context, node);
}

/**
 * Plans which additions are fused with a matrix product that nothing else uses: Gemm adds while it writes.
 * @param isGemm whether a product is exported as a Gemm.
 * @returns the product by the addition.
 */
function planFusion(
  order: readonly OpNode[],
  uses: ReadonlyMap<Tensor, number>,
  isGemm: (product: OpNode) => boolean,
): Map<OpNode, Tensor> {
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
 * Writes a graph as an ONNX model.
 * @param outputs the tensors the model returns, by name.
 */
export function exportOnnx(
  outputs: Readonly<Record<string, Tensor>>,
  options: ExportOptions = {},
): OnnxModel {
  const {
    constants = new Set(),
    dynamicAxes = {},
    splitInputs = new Map(),
    target = { overrides: {} },
  } = options;
  const writer = new OnnxWriter();
  const outputTensors = Object.values(outputs);
  const order = topologicalOrder(outputTensors);
  const isGemm = (node: OpNode): boolean =>
    isMatrixProduct(node) && exporterOf(target, node) === exporters[node.op];
  const uses = countUses(outputTensors);
  const plan = planFusion(order, uses, isGemm);
  const fusedNodes = new Set([...plan.values()].map((tensor) => tensor.node));
  const names = new Map<Tensor, string>();
  const context: ExportContext = {
    writer,
    splitInputs,
    isUsed: (tensor) => uses.has(tensor),
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
    if (fusedNodes.has(node)) continue;
    for (const [index, name] of exportNode(target, context, node).entries())
      names.set(node.outputs[index]!, name);
    if (node.op !== 'input') continue;
    const { name, dtype, shape } = (node as OpNode<'input'>).attributes;
    const inputType = dtype === 'int32' ? (target.integerInputs ?? dtype) : dtype;
    if (constants.has(name)) writer.weight({ name, dtype, shape });
    else writer.input(name, inputType, shape, dynamicAxes[name]);
  }
  for (const [name, tensor] of Object.entries(outputs)) {
    writer.output(name, context.nameOf(tensor), tensor, dynamicAxes[name]);
  }
  return writer.finish(target.versions);
}
