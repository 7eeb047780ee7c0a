import { add, cachedAttention, concat, input, multiply, rotate, softmax, split } from '../graph/builder.js';
import type { FloatType } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { architectureOf } from './architecture.js';
import type { TransformerConfiguration } from './configuration.js';
import { rotaryAngles } from './rotary.js';
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
export function paddedHeadWidth(configuration: TransformerConfiguration): number {
  return Math.ceil(architectureOf(configuration).headWidth / headWidthStep) * headWidthStep;
}

/** Shape [G,K,D'] of a slot's keys, and of its values, in a layer. @param capacity K, in tokens. */
export function slotShape(
  configuration: TransformerConfiguration,
  capacity: number,
): readonly [heads: number, capacity: number, width: number] {
  return [architectureOf(configuration).keyValueHeads, capacity, paddedHeadWidth(configuration)];
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
 * tokens in each slot including the new ones; `pastKeys.l` and `pastValues.l` [B,G,K,D']. Outputs: `logits` [N,V],
 * divided by the temperature; `probabilities` [N,V], their softmax; `keys.l` and `values.l` [B,G,K,D'], in the memory
 * of the past ones. With padding, V is the padded number of tokens.
 * @param parameters with adapters [S,in,R] and [S,R,out] for each slot where texts have such.
 * @param cacheDtype type of keys and values: that of matrix products in the blocks.
 * @param paddedVocabulary V' where the output layer has more rows than there are tokens.
 */
export function decodeGraph(
  configuration: TransformerConfiguration,
  parameters: SymbolicParameters,
  { slots, capacity }: DecodeSizes,
  { cacheDtype = 'float32', paddedVocabulary }: DecodeForm = {},
): Record<string, Tensor> {
  const { layers } = configuration;
  const cache = (kind: string): Tensor[] =>
    layerNames(kind, layers).map((name) =>
      input(name, [slots, ...slotShape(configuration, capacity)], cacheDtype),
    );
  const [pastKeys, pastValues] = [cache('pastKeys'), cache('pastValues')];
  const lengths = input('lengths', [slots], 'int32');
  const positionIds = input('positionIds', [slots], 'int32');
  const attention = slotAttention(configuration, capacity, { positionIds, lengths, pastKeys, pastValues });
  const { hidden, keys, values } = transformer(
    { configuration, parameters, attention },
    { inputIds: input('inputIds', [slots], 'int32'), positionIds },
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

/** Attention of new tokens to their slots; rotary positions turn queries and keys before. */
function slotAttention(
  configuration: TransformerConfiguration,
  capacity: number,
  inputs: {
    readonly positionIds: Tensor;
    readonly lengths: Tensor;
    readonly pastKeys: readonly Tensor[];
    readonly pastValues: readonly Tensor[];
  },
): Attention {
  const { heads } = configuration;
  const { headWidth, keyValueHeads, rotary } = architectureOf(configuration);
  const paddedWidth = paddedHeadWidth(configuration);
  const angles = rotary && rotaryAngles(rotary, headWidth, capacity, paddedWidth);
  const scale = 1 / Math.sqrt(headWidth);
  const turned = (projections: Tensor): Tensor => {
    if (!angles) return projections;
    const sizes = [(heads + keyValueHeads) * paddedWidth, keyValueHeads * paddedWidth];
    const [queriesAndKeys, values] = split(projections, 1, sizes) as [Tensor, Tensor];
    return concat([rotate(queriesAndKeys, inputs.positionIds, angles), values], 1);
  };
  return (projections, layer) => {
    const past = { keys: inputs.pastKeys[layer]!, values: inputs.pastValues[layer]! };
    return cachedAttention(turned(projections), past, inputs.lengths, { heads, keyValueHeads, scale });
  };
}

/** The dynamic axes: inputs and outputs have a row for each token, or for each slot, of a run. */
export function decodeDynamicAxes(
  layers: number,
  adapterNames: readonly string[] = [],
): Record<string, { readonly 0: string }> {
  const tokens = ['inputIds', 'positionIds', 'inverseTemperatures', 'logits', 'probabilities'];
  const slots = ['pastKeys', 'pastValues', 'keys', 'values'].flatMap((kind) => layerNames(kind, layers));
  return Object.fromEntries([
    ...tokens.map((name) => [name, { 0: 'tokens' }]),
    ...['lengths', ...slots, ...adapterNames].map((name) => [name, { 0: 'slots' }]),
  ]);
}
