import type { Chunk } from '../../graph/chunks.js';
import { formatShape, type Shape, type TensorSpecification } from '../../graph/shape.js';
import { checkedShape, type DeviceTensor, type NumericArray, type Value } from '../engine.js';
import { bufferChunks } from './buffer-chunks.js';

/** A tensor too large for one buffer: its chunks, one after the other along the first axis. */
export class ChunkedDeviceTensor implements DeviceTensor {
  constructor(
    readonly specification: TensorSpecification,
    readonly chunks: readonly { readonly chunk: Chunk; readonly tensor: DeviceTensor }[],
  ) {}

  view(shape: Shape): DeviceTensor {
    throw new RangeError(
      `a view ${formatShape(shape)} of ${formatShape(this.specification.shape)}, which is held in chunks`,
    );
  }

  dispose(): void {
    for (const { tensor } of this.chunks) tensor.dispose();
  }
}

/**
 * A tensor in one buffer, or in chunks where that would be too large.
 * @param largestBuffer in bytes. @param allocate makes a tensor of one buffer.
 */
export function allocateInChunks(
  specification: TensorSpecification,
  largestBuffer: number,
  allocate: (specification: TensorSpecification) => DeviceTensor,
): DeviceTensor {
  const chunks = bufferChunks('tensor', specification, largestBuffer);
  if (!chunks) return allocate(specification);
  return new ChunkedDeviceTensor(
    specification,
    chunks.map((chunk) => ({ chunk, tensor: allocate(chunk.specification) })),
  );
}

/** Splits a pair of an array and a chunked tensor into a pair for each chunk. */
export function chunksOfPair(from: Value, to: Value): (readonly [from: Value, to: Value])[] {
  if (from instanceof ChunkedDeviceTensor) {
    return from.chunks.map(({ chunk, tensor }) => [tensor, chunkOfArray(from, to as NumericArray, chunk)]);
  }
  if (to instanceof ChunkedDeviceTensor) {
    return to.chunks.map(({ chunk, tensor }) => [chunkOfArray(to, from as NumericArray, chunk), tensor]);
  }
  return [[from, to]];
}

function chunkOfArray({ specification }: DeviceTensor, array: NumericArray, chunk: Chunk): NumericArray {
  checkedShape('copy', array, specification, false);
  return array.subarray(chunk.start, chunk.end);
}
