import type { OnnxWriter } from './writer.js';

/** Rows [N,width] by what they belong to, of which there are as many as `owners` has rows, a dynamic number: [B,N/B,width]. */
export function rowsOfEach(writer: OnnxWriter, rows: string, owners: string, width: number): string {
  const count = writer.emit('Shape', [owners], { start: 0, end: 1 });
  const shape = writer.emit('Concat', [count, writer.constant('int64', [-1, width], [2])], { axis: 0 });
  return writer.emit('Reshape', [rows, shape]);
}

/** Each group of rows of x by its own of the matrices [B,C,M]: [N,M]. */
export function groupedProduct(
  writer: OnnxWriter,
  x: string,
  matrices: string,
  [width, columns]: readonly [width: number, columns: number],
): string {
  const product = writer.emit('MatMul', [rowsOfEach(writer, x, matrices, width), matrices]);
  return writer.emit('Reshape', [product, writer.constant('int64', [-1, columns], [2])]);
}
