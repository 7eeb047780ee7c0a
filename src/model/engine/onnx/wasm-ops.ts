import type { Tensor } from '../../graph/tensor.js';
import { rowsOfEach } from './grouped-rows.js';
import type { Exporter, OnnxTarget } from './op-exporters.js';
import { webGpuTarget } from './webgpu-ops.js';
import { microsoft } from './writer.js';

/**
 * GroupQueryAttention as on the processor, but with queries, keys and values apart: with the three in one, the build for
 * WebAssembly (ONNX Runtime 1.30) infers a width of 0 for its output while the shape of its input is not known yet, and
 * refuses the model when it is.
 */
const cachedAttention: Exporter<'cachedAttention'> = ({ writer, nameOf }, { inputs, attributes }) => {
  const [projections, keys, values, lengths] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const { heads, keyValueHeads, scale } = attributes;
  const headWidth = keys.shape[3]!;
  const widths = [heads, keyValueHeads, keyValueHeads].map((count) => count * headWidth);
  const byRow = rowsOfEach(writer, nameOf(projections), nameOf(lengths), projections.shape[1]!);
  const last = writer.emit('Sub', [nameOf(lengths), writer.constant('int32', [1], [1])]);
  const longest = writer.emit('ReduceMax', [nameOf(lengths)], { keepdims: 0 });
  const [output, newKeys, newValues] = writer.emitMany(
    'GroupQueryAttention',
    [...writer.split(byRow, 2, widths), nameOf(keys), nameOf(values), last, longest],
    3,
    { num_heads: heads, kv_num_heads: keyValueHeads, scale: { float: scale } },
    microsoft,
  );
  const flat = writer.emit('Reshape', [output!, writer.constant('int64', [-1, heads * headWidth], [2])]);
  return [flat, newKeys!, newValues!];
};

/** ONNX Runtime's processor provider, built for WebAssembly. */
export const wasmTarget: OnnxTarget = { overrides: { cachedAttention: () => cachedAttention } };

/** ONNX Runtime's WebGPU provider in the same build. */
export const wasmGpuTarget: OnnxTarget = {
  ...webGpuTarget,
  overrides: { ...webGpuTarget.overrides, ...wasmTarget.overrides },
};
