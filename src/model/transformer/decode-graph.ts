import { add, cachedAttention, input, multiply, softmax } from '../graph/builder.js';
import type { FloatType } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { TransformerConfiguration } from './configuration.js';
import { type Attention, outputLogits, type SymbolicParameters, transformer } from './transformer.js';

/** Sizes of a decoder. */
export interface DecodeSizes {
  /** S: number of texts decoded in parallel. */
  readonly slots: number;
  /** K: longest text in tokens, including the prompt; at most the model's context. */
  readonly capacity: number;
}

/** Head widths of the engine's attention are multiples of this. */
const headWidthStep = 8;

/** D': the width of a head in the cache, padded to a multiple of 8. Published GPT-2s need no padding. */
export function paddedHeadWidth({ width, heads }: TransformerConfiguration): number {
  return Math.ceil(width / heads / headWidthStep) * headWidthStep;
}

/** Input [V'] that is added to logits where the output layer has more rows V' than there are tokens. */
export const paddingMaskName = 'paddingMask';

/** Names of one kind of value for all layers. */
export const layerNames = (kind: string, layers: number): string[] =>
  Array.from({ length: layers }, (_, layer) => `${kind}.${layer}`);

/** How a decode graph computes. */
interface DecodeForm {
  readonly cacheDtype?: FloatType;
  readonly paddedVocabulary?: number | undefined;
}

/**
 * The graph of a decode step: N tokens, one in each of B slots or several of one slot (N and B up to S).
 *
 * Inputs: `inputIds` and `positionIds` int32 [N]; `inverseTemperatures` [N,1]; `lengths` int32 [B], the number of
 * tokens in each slot including the new ones; `pastKeys.l` and `pastValues.l` [B,H,K,D']. Outputs: `logits` [N,V],
 * divided by the temperature; `probabilities` [N,V], their softmax; `keys.l` and `values.l` [B,H,K,D'], in the memory
 * of the past ones. With padding, V is the padded number of tokens.
 * @param cacheDtype type of keys and values: that of matrix products in the blocks.
 * @param paddedVocabulary V' where the output layer has more rows than there are tokens.
 */
export function decodeGraph(
  configuration: TransformerConfiguration,
  parameters: SymbolicParameters,
  { slots, capacity }: DecodeSizes,
  { cacheDtype = 'float32', paddedVocabulary }: DecodeForm = {},
): Record<string, Tensor> {
  const { layers, heads, width } = configuration;
  const cache = (kind: string): Tensor[] =>
    layerNames(kind, layers).map((name) =>
      input(name, [slots, heads, capacity, paddedHeadWidth(configuration)], cacheDtype),
    );
  const [pastKeys, pastValues] = [cache('pastKeys'), cache('pastValues')];
  const lengths = input('lengths', [slots], 'int32');
  const scale = 1 / Math.sqrt(width / heads);
  const attention: Attention = (projections, layer) => {
    const past = { keys: pastKeys[layer]!, values: pastValues[layer]! };
    return cachedAttention(projections, past, lengths, { heads, keyValueHeads: heads, scale });
  };
  const { hidden, keys, values } = transformer(
    { configuration, parameters, attention },
    {
      inputIds: input('inputIds', [slots], 'int32'),
      positionIds: input('positionIds', [slots], 'int32'),
    },
  );
  // Dividing the hidden states, 768 wide, saves a pass over the logits, 50,257 wide.
  const scaled = multiply(hidden, input('inverseTemperatures', [slots, 1]));
  const product = outputLogits(parameters, scaled);
  const logits =
    paddedVocabulary === undefined ? product : add(product, input(paddingMaskName, [paddedVocabulary]));
  return {
    logits,
    probabilities: softmax(logits),
    ...Object.fromEntries(keys.map((tensor, layer) => [`keys.${layer}`, tensor])),
    ...Object.fromEntries(values.map((tensor, layer) => [`values.${layer}`, tensor])),
  };
}

/** The dynamic axes: inputs and outputs have a row for each token, or for each slot, of a run. */
export function decodeDynamicAxes(layers: number): Record<string, { readonly 0: string }> {
  const tokens = ['inputIds', 'positionIds', 'inverseTemperatures', 'logits', 'probabilities'];
  const slots = ['pastKeys', 'pastValues', 'keys', 'values'].flatMap((kind) => layerNames(kind, layers));
  return Object.fromEntries([
    ...tokens.map((name) => [name, { 0: 'tokens' }]),
    ...['lengths', ...slots].map((name) => [name, { 0: 'slots' }]),
  ]);
}
