import { input } from '../../../src/model/graph/builder.js';
import type { Tensor } from '../../../src/model/graph/tensor.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { type ParameterStore, parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import {
  maskedAttention,
  outputLogits,
  parameterInputs,
  transformer,
} from '../../../src/model/transformer/transformer.js';
import { testEngine } from '../test-engine.js';

/** Logits [B·T,V] of packed rows, without a cache; inputs `inputIds`, `positionIds` [B·T], `attentionMask` [B,1,T,T]. */
export function forwardGraph(
  configuration: TransformerConfiguration,
  rows: number,
  rowLength: number,
): { logits: Tensor } {
  const parameters = parameterInputs(parameterSpecifications(configuration));
  const attentionMask = input('attentionMask', [rows, 1, rowLength, rowLength]);
  const inputIds = input('inputIds', [rows * rowLength], 'int32');
  const positionIds = input('positionIds', [rows * rowLength], 'int32');
  const attention = maskedAttention(configuration, { attentionMask, positionIds });
  const { hidden } = transformer({ configuration, parameters, attention }, { inputIds, positionIds });
  return { logits: outputLogits(parameters, hidden) };
}

/** Logits [T,V] of a text of T tokens: no cache, all positions at once. */
export async function forwardLogits(
  configuration: TransformerConfiguration,
  weights: ParameterStore,
  tokens: readonly number[],
): Promise<Float32Array> {
  const { length } = tokens;
  const program = await testEngine.compile(forwardGraph(configuration, 1, length));
  const attentionMask = Float32Array.from({ length: length ** 2 }, (_, index) =>
    index % length > Math.floor(index / length) ? -1e9 : 0,
  );
  const logits = new Float32Array(length * configuration.vocabularySize);
  const inputIds = Int32Array.from(tokens);
  const positionIds = Int32Array.from(tokens.keys());
  await program.run(
    { inputIds, positionIds, attentionMask, ...Object.fromEntries(weights.views) },
    { logits },
  );
  await program.dispose();
  return logits;
}
