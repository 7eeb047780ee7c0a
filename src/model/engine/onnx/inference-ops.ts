import type { Tensor } from '../../graph/tensor.js';
import { type Exporter, microsoft } from './exporter.js';
import { onnxTypes } from './schema.js';

/**
 * Integer products by MatMulIntegerToFloat, x as uint8 with a zero point of 128: unsigned times signed is what
 * processors are fast at. DynamicQuantizeMatMul would give all rows of x one step, and a text's numbers would depend on
 * those beside it.
 */
export const quantizedMatmul: Exporter<'quantizedMatmul'> = ({ writer, nameOf }, { inputs }) => {
  const [x, w, scales] = inputs.map(nameOf) as [string, string, string];
  const lastAxis = writer.constant('int64', [1], [1]);
  const largest = writer.emit('ReduceMax', [writer.emit('Abs', [x]), lastAxis], { keepdims: 0 });
  // A row of zeros gets a step above 0, so that nothing is divided by 0.
  const positive = writer.emit('Max', [largest, writer.constant('float32', [1e-30], [])]);
  const steps = writer.emit('Mul', [positive, writer.constant('float32', [1 / 127], [])]);
  const nothing = writer.emit('Mul', [steps, writer.constant('float32', [0], [])]);
  const middle = writer.emit('Add', [nothing, writer.constant('float32', [128], [])]);
  const zeroPoints = writer.emit('Cast', [middle], { to: onnxTypes.uint8 });
  const rounded = writer.emit('QuantizeLinear', [x, steps, zeroPoints], { axis: 0 });
  const one = writer.constant('float32', [1], []);
  const zeroPoint = writer.constant('uint8', [128], []);
  const product = writer.emit('MatMulIntegerToFloat', [rounded, w, one, scales, zeroPoint], {}, microsoft);
  return [writer.emit('Mul', [product, writer.emit('Unsqueeze', [steps, lastAxis])])];
};

/**
 * GroupQueryAttention with a group of one: given the same memory for past and present it appends to the cache in place
 * and reads no further than each row's length. It wants head widths that are multiples of 8.
 */
export const cachedAttention: Exporter<'cachedAttention'> = ({ writer, nameOf }, { inputs, attributes }) => {
  const [projections, keys, values, lengths] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const { heads, scale } = attributes;
  const width = projections.shape[1]!;
  // One row of tokens for each length, however many that are in a run.
  const rows = writer.emit('Shape', [nameOf(lengths)]);
  const shape = writer.emit('Concat', [rows, writer.constant('int64', [-1, width], [2])], { axis: 0 });
  const byRow = writer.emit('Reshape', [nameOf(projections), shape]);
  const last = writer.emit('Sub', [nameOf(lengths), writer.constant('int32', [1], [1])]);
  const longest = writer.emit('ReduceMax', [nameOf(lengths)], { keepdims: 0 });
  const [mixed, newKeys, newValues] = writer.emitMany(
    'GroupQueryAttention',
    [byRow, '', '', nameOf(keys), nameOf(values), last, longest],
    3,
    { num_heads: heads, kv_num_heads: heads, scale: { float: scale } },
    microsoft,
  );
  const flat = writer.emit('Reshape', [mixed!, writer.constant('int64', [-1, width / 3], [2])]);
  return [flat, newKeys!, newValues!];
};
