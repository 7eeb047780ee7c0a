import { add, cast, reduceSum, reshape } from './builder.js';
import { type GradientDecision, gradientRules } from './gradient-rules.js';
import type { OpName } from './op-table.js';
import { type FloatType, formatShape } from './shape.js';
import { type OpNode, type Tensor, topologicalOrder } from './tensor.js';

/**
 * Sums a gradient over the axes along which the tensor was broadcast: the one place that undoes broadcasting. Sums in
 * float32.
 */
function unbroadcast(gradient: Tensor, { shape, dtype }: Tensor): Tensor {
  if (formatShape(gradient.shape) === formatShape(shape)) return gradient;
  const added = gradient.shape.length - shape.length;
  const axes = [...gradient.shape.keys()].filter(
    (axis) => axis < added || (shape[axis - added] === 1 && gradient.shape[axis] !== 1),
  );
  return cast(reshape(reduceSum(gradient, axes), shape), dtype as FloatType);
}

function decisionFor<Op extends OpName>(node: OpNode<Op>): GradientDecision<Op> {
  return gradientRules[node.op];
}

/**
 * Reverse-mode differentiation over the graph (Griewank and Walther, "Evaluating Derivatives", 2008, section 3.2):
 * the symbolic gradients of Σ outputs[i] · upstream[i] by each target.
 * @param upstream gradients of the loss by each output, of its shape and type.
 * @param targets float tensors the outputs depend on; the result has their shapes and types, in their order. Targets
 *   are leaves: no gradient flows through a target to its own inputs.
 * @throws Error when a target does not reach the outputs, or only through an op whose gradient is forbidden.
 */
export function gradients(
  outputs: readonly Tensor[],
  upstream: readonly Tensor[],
  targets: readonly Tensor[],
): Tensor[] {
  const order = topologicalOrder(outputs);
  const onPath = new Set<OpNode>(targets.map((target) => target.node));
  for (const node of order) {
    if (node.inputs.some((input) => onPath.has(input.node))) onPath.add(node);
  }
  const independent = new Set(targets);
  const recomputed = new Map<Tensor, Tensor>();
  /** What stands for an input of a node in its rule. */
  const forRule = (tensor: Tensor): Tensor => {
    const decision = decisionFor(tensor.node);
    if (independent.has(tensor) || tensor.index > 0 || !('rule' in decision)) return tensor;
    const known = recomputed.get(tensor) ?? decision.recompute?.(tensor.node) ?? tensor;
    recomputed.set(tensor, known);
    return known;
  };
  const byTensor = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, gradient: Tensor): void => {
    const contribution = unbroadcast(gradient, tensor);
    const earlier = byTensor.get(tensor);
    byTensor.set(tensor, earlier ? add(earlier, contribution) : contribution);
  };
  for (const [index, output] of outputs.entries()) accumulate(output, upstream[index]!);
  for (const node of order.reverse()) {
    const received = node.outputs.map((output) =>
      independent.has(output) ? undefined : byTensor.get(output),
    );
    if (!onPath.has(node) || received.every((gradient) => gradient === undefined)) continue;
    const decision = decisionFor(node);
    if ('none' in decision) continue;
    if ('forbidden' in decision) throw new Error(`${node.op} has no gradient: ${decision.forbidden}`);
    const inputs = node.inputs.map(forRule);
    for (const [index, gradient] of decision.rule({ ...node, inputs }, received).entries()) {
      const input = node.inputs[index]!;
      if (gradient && onPath.has(input.node)) accumulate(input, gradient);
    }
  }
  return targets.map((target) => {
    const gradient = byTensor.get(target);
    if (!gradient) throw new Error(`no gradient reaches ${target.node.op} ${formatShape(target.shape)}`);
    return gradient;
  });
}
