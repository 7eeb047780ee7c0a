import { formatMebibytes } from '../../../common/number-formats.js';
import { type Chunk, chunksOf, LargeTensorError } from '../../graph/chunks.js';
import { type ChunkedGraph, splitLargeTensors } from '../../graph/large-tensors.js';
import { elementCount, formatShape, type TensorSpecification } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import { TensorTooLargeError } from '../out-of-memory.js';

/** Size of the widest element type. Assumed for all types, so that the limit is one number of elements. */
const bytesPerElement = 4;

function withExplanation<Result>(largestBuffer: number, work: () => Result): Result {
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

const maximumElements = (largestBuffer: number): number => Math.floor(largestBuffer / bytesPerElement);

/** The chunks a device holds a tensor in; undefined if one buffer is enough. @throws TensorTooLargeError */
export function bufferChunks(
  name: string,
  specification: TensorSpecification,
  largestBuffer: number,
): readonly Chunk[] | undefined {
  return withExplanation(largestBuffer, () => chunksOf(name, specification, maximumElements(largestBuffer)));
}

/** Rewrites a graph so that every tensor fits in one buffer. @throws TensorTooLargeError */
export function splitForBuffers(
  outputs: Readonly<Record<string, Tensor>>,
  largestBuffer: number,
): ChunkedGraph {
  return withExplanation(largestBuffer, () => splitLargeTensors(outputs, maximumElements(largestBuffer)));
}
