/** Dot products of all rows of two matrices, each of some width: float32[rows of `a`, rows of `b`]. */
export function dotProducts(a: Float32Array, b: Float32Array, width: number): Float32Array {
  const rows = (m: Float32Array) =>
    Array.from({ length: m.length / width }, (_, i) => m.subarray(i * width, (i + 1) * width));
  return Float32Array.from(
    rows(a).flatMap((x) => rows(b).map((y) => x.reduce((sum, v, i) => sum + v * y[i]!, 0))),
  );
}
