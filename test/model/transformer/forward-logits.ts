import { input } from '../../../src/model/graph/builder.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { forward, outputLogits, parameterInputs } from '../../../src/model/transformer/forward.js';
import { type ParameterStore, parameterSpecifications } from '../../../src/model/transformer/parameters.js';
import { testEngine } from '../test-engine.js';

/** Logits [T,V] of a text, by the forward graph that training uses. */
export async function forwardLogits(
  configuration: TransformerConfiguration,
  weights: ParameterStore,
  tokens: readonly number[],
): Promise<Float32Array> {
  const { length } = tokens;
  const parameters = parameterInputs(parameterSpecifications(configuration));
  const { hidden } = forward(configuration, parameters, {
    inputIds: input('inputIds', [length], 'int32'),
    positionIds: input('positionIds', [length], 'int32'),
    attentionMask: input('attentionMask', [1, 1, length, length]),
  });
  const engine = testEngine;
  const program = await engine.compile({ logits: outputLogits(parameters, hidden) });
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
