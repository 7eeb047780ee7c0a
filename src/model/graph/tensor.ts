import type { OpAttributes, OpName } from './op-table.js';
import type { TensorSpecification } from './shape.js';

/** One application of an op. Immutable; compared by identity. */
export interface OpNode<Op extends OpName = OpName> {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attributes: OpAttributes[Op];
  readonly outputs: readonly Tensor[];
}

/** A symbolic value: output `index` of `node`. Holds no numbers. */
export interface Tensor extends TensorSpecification {
  readonly node: OpNode;
  readonly index: number;
}

/**
 * The nodes that `outputs` depend on, each after its inputs. Depth-first and iterative: graphs are thousands of nodes
 * deep.
 */
export function topologicalOrder(outputs: readonly Tensor[]): OpNode[] {
  const order: OpNode[] = [];
  const seen = new Set<OpNode>();
  const stack: { node: OpNode; nextInput: number }[] = [];
  const visit = (node: OpNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push({ node, nextInput: 0 });
  };
  for (const output of outputs) {
    visit(output.node);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.node.inputs[top.nextInput++];
      if (next) visit(next.node);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** The graph inputs that `outputs` depend on, by name. */
export function inputsOf(outputs: readonly Tensor[]): Map<string, TensorSpecification> {
  const inputs = topologicalOrder(outputs).filter((node): node is OpNode<'input'> => node.op === 'input');
  return new Map(inputs.map(({ attributes }) => [attributes.name, attributes]));
}

/** How often each tensor is used, by nodes and as an output. */
export function countUses(outputs: readonly Tensor[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  const count = (tensor: Tensor): void => void uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
  for (const output of outputs) count(output);
  for (const node of topologicalOrder(outputs)) node.inputs.forEach(count);
  return uses;
}
