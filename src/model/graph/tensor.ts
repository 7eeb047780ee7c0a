import type { OpAttributes, OpName } from './op-table.js';
import type { TensorSpecification } from './shape.js';

/** One application of an op. Immutable; two equal nodes are still two nodes. */
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
