import { elementCount, formatShape, type Shape, type TensorSpecification } from '../graph/shape.js';
import type { NumericArray, Value } from './engine.js';

function typeOf(array: NumericArray): string {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Uint16Array) return 'float16';
  return array instanceof Int32Array ? 'int32' : 'int8';
}

/** Whether a value lies in this process's memory. */
export function isArray(value: Value): value is NumericArray {
  return ArrayBuffer.isView(value);
}

/**
 * The shape an array is given for in a run.
 * @param freeRows whether it may have fewer rows than specified.
 * @throws RangeError naming it when it is missing, or of another type or size.
 */
export function checkedShape(
  name: string,
  array: NumericArray | undefined,
  { shape, dtype }: TensorSpecification,
  freeRows: boolean,
): Shape {
  const rowSize = elementCount(shape.slice(1));
  const rows = freeRows && array ? array.length / rowSize : (shape[0] ?? 1);
  const fits = Number.isInteger(rows) && rows > 0 && rows <= (shape[0] ?? 1);
  if (!array || typeOf(array) !== dtype || !fits || array.length !== rows * rowSize) {
    const received = array ? `${typeOf(array)} of ${array.length} elements` : 'nothing';
    throw new RangeError(`${name}: needs ${dtype}${formatShape(shape)}; received ${received}`);
  }
  return shape.length === 0 ? shape : shape.with(0, rows);
}
