import { exportOnnx } from '../engine/onnx/export.js';
import { portableTarget } from '../engine/onnx/portable-ops.js';
import type { AxisNames, OnnxModel } from '../engine/onnx/writer.js';
import { causalMask, input } from '../graph/builder.js';
import type { Tensor } from '../graph/tensor.js';
import { architectureOf } from './architecture.js';
import type { TransformerConfiguration } from './configuration.js';
import { parameterSpecifications } from './parameters.js';
import { maskedAttention, outputLogits, parameterInputs, transformer } from './transformer.js';

/** Names of the dynamic axes, as in Hugging Face's exporter. */
const [batch, sequence, past, total] = [
  'batch_size',
  'sequence_length',
  'past_sequence_length',
  'total_sequence_length',
];

/** Placeholder sizes of those axes while the graph is built. */
const sizes = { rows: 2, tokens: 3, past: 4 };

/**
 * The model for generation with a growing cache, in the form that Hugging Face's tools and transformers.js expect; its
 * weights have their names in `parameterSpecifications`. Inputs: `input_ids`, `position_ids` int64 [B,T],
 * `attention_mask` int64 [B,K], `past_key_values.l.key` and `.value` float32 [B,G,K−T,D]. Outputs: `logits` float32
 * [B,T,V], `present.l.key` and `.value` [B,G,K,D].
 */
export function onnxGenerationModel(configuration: TransformerConfiguration): OnnxModel {
  const { layers } = configuration;
  const { keyValueHeads, headWidth } = architectureOf(configuration);
  const dynamicAxes: Record<string, AxisNames> = {};
  const named = (name: string, shape: readonly number[], axes: AxisNames, dtype?: 'int32'): Tensor => {
    dynamicAxes[name] = axes;
    return input(name, shape, dtype);
  };
  const ids = (name: string): Tensor =>
    named(name, [sizes.rows, sizes.tokens], { 0: batch, 1: sequence }, 'int32');
  const pastShape = [sizes.rows, keyValueHeads, sizes.past, headWidth];
  const pastOf = (kind: string): Tensor[] =>
    Array.from({ length: layers }, (_, layer) =>
      named(`past_key_values.${layer}.${kind}`, pastShape, { 0: batch, 2: past }),
    );
  const [inputIds, positionIds] = [ids('input_ids'), ids('position_ids')];
  const maskShape = [sizes.rows, sizes.past + sizes.tokens];
  const visible = named('attention_mask', maskShape, { 0: batch, 1: total }, 'int32');

  const specifications = parameterSpecifications(configuration);
  const parameters = parameterInputs(specifications);
  const tokens = { attentionMask: causalMask(visible, inputIds), positionIds };
  const earlier = { keys: pastOf('key'), values: pastOf('value') };
  const attention = maskedAttention(configuration, tokens, { past: earlier });
  const { hidden, keys, values } = transformer(
    { configuration, parameters, attention },
    { inputIds, positionIds },
  );

  const outputs: Record<string, Tensor> = { logits: outputLogits(parameters, hidden) };
  dynamicAxes['logits'] = { 0: batch, 1: sequence };
  for (let layer = 0; layer < layers; layer++) {
    for (const [kind, tensor] of [
      ['key', keys[layer]!],
      ['value', values[layer]!],
    ] as const) {
      outputs[`present.${layer}.${kind}`] = tensor;
      dynamicAxes[`present.${layer}.${kind}`] = { 0: batch, 2: total };
    }
  }
  const constants = new Set(specifications.map(({ name }) => name));
  return exportOnnx(outputs, { constants, dynamicAxes, target: portableTarget });
}
