import { onnxTypes } from './schema.js';
import { microsoft, type OnnxWriter } from './writer.js';

/**
 * Integer products by MatMulIntegerToFloat, x as uint8 with a zero point of 128: unsigned times signed is what
 * processors are fast at. DynamicQuantizeMatMul would quantize all rows of x with one step, and a text's results
 * would depend on the other texts in the batch.
 */
export function quantizedProduct(
  writer: OnnxWriter,
  [x, w, scales]: readonly [string, string, string],
): string {
  const lastAxis = writer.constant('int64', [1], [1]);
  // The largest magnitude by two passes that read, without the one of Abs that writes.
  const [most, least] = ['ReduceMax', 'ReduceMin'].map((op) =>
    writer.emit(op, [x, lastAxis], { keepdims: 0 }),
  );
  // A row of zeros gets a positive step, to avoid dividing by 0.
  const tiny = writer.constant('float32', [1e-30], []);
  const largest = writer.emit('Max', [most!, writer.emit('Neg', [least!]), tiny]);
  const steps = writer.emit('Mul', [largest, writer.constant('float32', [1 / 127], [])]);
  const nothing = writer.emit('Mul', [steps, writer.constant('float32', [0], [])]);
  const middle = writer.emit('Add', [nothing, writer.constant('float32', [128], [])]);
  const zeroPoints = writer.emit('Cast', [middle], { to: onnxTypes.uint8 });
  const rounded = writer.emit('QuantizeLinear', [x, steps, zeroPoints], { axis: 0 });
  const one = writer.constant('float32', [1], []);
  const zeroPoint = writer.constant('uint8', [128], []);
  const product = writer.emit('MatMulIntegerToFloat', [rounded, w, one, scales, zeroPoint], {}, microsoft);
  return writer.emit('Mul', [product, writer.emit('Unsqueeze', [steps, lastAxis])]);
}
