import type { OnnxWriter } from './writer.js';

/** Most pieces of one Split or Concat: WebGPU binds each as a buffer, and guarantees ten in all. */
const mostPieces = 8;

function groups<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / mostPieces) }, (_, group) =>
    items.slice(group * mostPieces, (group + 1) * mostPieces),
  );
}

/** Cuts `x` along an axis into pieces of the given sizes, by several nodes where they are many. */
export function splitInto(writer: OnnxWriter, x: string, axis: number, sizes: readonly number[]): string[] {
  if (sizes.length <= mostPieces) {
    return writer.emitMany('Split', [x, writer.constant('int64', sizes, [sizes.length])], sizes.length, {
      axis,
    });
  }
  const parts = groups(sizes);
  const partSizes = parts.map((part) => part.reduce((sum, size) => sum + size, 0));
  return splitInto(writer, x, axis, partSizes).flatMap((part, index) =>
    splitInto(writer, part, axis, parts[index]!),
  );
}

/** Puts pieces together along an axis, by several nodes where they are many. */
export function concatenate(writer: OnnxWriter, pieces: readonly string[], axis: number): string {
  if (pieces.length === 1) return pieces[0]!;
  if (pieces.length <= mostPieces) return writer.emit('Concat', [...pieces], { axis });
  return concatenate(
    writer,
    groups(pieces).map((group) => concatenate(writer, group, axis)),
    axis,
  );
}
