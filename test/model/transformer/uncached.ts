import type { Engine } from '../../../src/model/engine/engine.js';
import { input } from '../../../src/model/graph/builder.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { forward, outputLogits, parameterInputs } from '../../../src/model/transformer/forward.js';
import { type ParameterStore, parameterSpecifications } from '../../../src/model/transformer/parameters.js';

/** Logits [T,V] of a text of T tokens by the training graph: no cache, all positions at once. */
export async function uncachedLogits(
  engine: Engine,
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
  const program = await engine.compile({ logits: outputLogits(parameters, hidden) });
  const logits = new Float32Array(length * configuration.vocabularySize);
  const attentionMask = Float32Array.from({ length: length * length }, (_, index) =>
    index % length > Math.floor(index / length) ? -1e9 : 0,
  );
  const inputIds = Int32Array.from(tokens);
  const positionIds = Int32Array.from(tokens.keys());
  const feeds = { inputIds, positionIds, attentionMask, ...Object.fromEntries(weights.views) };
  await program.run(feeds, { logits });
  await program.dispose();
  return logits;
}
