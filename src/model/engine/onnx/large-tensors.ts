import { formatMebibytes } from '../../../common/number-formats.js';
import {
  LargeTensorError,
  type Part,
  partsOf,
  type SplitGraph,
  splitLargeTensors,
} from '../../graph/large-tensors.js';
import { elementCount, formatShape, type TensorSpecification } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import { TensorTooLargeError } from '../device-memory-error.js';

/** Of the widest elements: narrower ones are parted earlier than they need be. */
const bytesPerElement = 4;

function explained<Result>(largestBuffer: number, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LargeTensorError)) throw error;
    const { op, specification } = error;
    const { shape, dtype } = specification;
    const bytes = bytesPerElement * elementCount(shape);
    throw new TensorTooLargeError(
      `${op} needs a tensor ${dtype}${formatShape(shape)} of ${formatMebibytes(bytes)} whole, and the graphics card takes at most ${formatMebibytes(largestBuffer)} in one buffer.`,
      error,
    );
  }
}

const elements = (largestBuffer: number): number => Math.floor(largestBuffer / bytesPerElement);

/** The parts in which a device holds a tensor; undefined where it is one buffer. @throws TensorTooLargeError */
export function largeParts(
  name: string,
  specification: TensorSpecification,
  largestBuffer: number,
): readonly Part[] | undefined {
  return explained(largestBuffer, () => partsOf(name, specification, elements(largestBuffer)));
}

/** A graph with no tensor above what one buffer takes. @throws TensorTooLargeError */
export function splitForBuffers(
  outputs: Readonly<Record<string, Tensor>>,
  largestBuffer: number,
): SplitGraph {
  return explained(largestBuffer, () => splitLargeTensors(outputs, elements(largestBuffer)));
}
