import type { OpName } from './op-table.js';
import { type DType, formatShape, type TensorSpecification } from './shape.js';
import type { Tensor } from './tensor.js';

/** The shapes and types of an op's outputs. @throws RangeError naming the op, the rule and the shapes received. */
export type ShapeRule<Attributes> = (
  inputs: readonly Tensor[],
  attributes: Attributes,
) => readonly TensorSpecification[];

/** @throws RangeError naming an op, its rule and the shapes received. */
export function fail(op: OpName, rule: string, ...received: readonly (Tensor | undefined)[]): never {
  const shapes = received.map((tensor) =>
    tensor ? `${tensor.dtype}${formatShape(tensor.shape)}` : 'nothing',
  );
  throw new RangeError(`${op}: ${rule}; received ${shapes.join(', ')}`);
}

/** The two inputs of an op. */
export function two(op: OpName, inputs: readonly Tensor[]): [Tensor, Tensor] {
  const [a, b] = inputs;
  if (!a || !b || inputs.length !== 2) return fail(op, 'takes two inputs', ...inputs);
  return [a, b];
}

/** The one input of an op. */
export function one(op: OpName, inputs: readonly Tensor[]): Tensor {
  const [x] = inputs;
  if (!x || inputs.length !== 1) return fail(op, 'takes one input', ...inputs);
  return x;
}

/** Whether all tensors are there and of a type. */
export const are = (dtype: DType, ...tensors: readonly (Tensor | undefined)[]): boolean =>
  tensors.every((tensor) => tensor?.dtype === dtype);
