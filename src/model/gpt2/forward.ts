import {
  add,
  concat,
  gatherRows,
  gelu,
  input,
  layerNormalization,
  matmul,
  multiply,
  reduceSum,
  reshape,
  softmax,
  split,
  transpose,
} from '../graph/builder.js';
import type { Tensor } from '../graph/tensor.js';
import type { Gpt2Configuration } from './configuration.js';
import { parameterSpecifications } from './parameters.js';

/** Symbolic parameters by name; `wte.weight` and so on are inputs of the graph. */
export type SymbolicParameters = ReadonlyMap<string, Tensor>;

/** An input for every parameter, named like it. */
export function parameterInputs(configuration: Gpt2Configuration): SymbolicParameters {
  return new Map(parameterSpecifications(configuration).map(({ name, shape }) => [name, input(name, shape)]));
}

/** Query, key and value of new tokens, each [B,H,T,D]. */
interface Projections {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}

/** From queries, keys and values to what each token takes from the others, [B,H,T,D]. */
type Attention = (layer: number, projections: Projections) => Tensor;

function parameter(parameters: SymbolicParameters, name: string): Tensor {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`no parameter ${name}`);
  return tensor;
}

function linear(parameters: SymbolicParameters, name: string, x: Tensor): Tensor {
  return add(matmul(x, parameter(parameters, `${name}.weight`)), parameter(parameters, `${name}.bias`));
}

function normalize(parameters: SymbolicParameters, name: string, x: Tensor, epsilon: number): Tensor {
  const [scale, bias] = [parameter(parameters, `${name}.weight`), parameter(parameters, `${name}.bias`)];
  return layerNormalization(x, scale, bias, epsilon).y;
}

/**
 * GPT-2 up to its last layer norm (Radford et al. 2019, section 2.3: pre-norm blocks).
 * @param tokens ids and positions, int32 [N] with N = B·T.
 * @param attend what mixes the tokens; everything else works token by token.
 * @returns hidden states [N,C].
 */
function hiddenStates(
  configuration: Gpt2Configuration,
  parameters: SymbolicParameters,
  tokens: { inputIds: Tensor; positionIds: Tensor; rows: number },
  attend: Attention,
): Tensor {
  const { width, heads, layers, layerNormEpsilon: epsilon } = configuration;
  const length = tokens.inputIds.shape[0]! / tokens.rows;
  const toHeads = (x: Tensor): Tensor =>
    transpose(reshape(x, [tokens.rows, length, heads, width / heads]), [0, 2, 1, 3]);
  let x = add(
    gatherRows(parameter(parameters, 'wte.weight'), tokens.inputIds),
    gatherRows(parameter(parameters, 'wpe.weight'), tokens.positionIds),
  );
  for (let layer = 0; layer < layers; layer++) {
    const name = `h.${layer}`;
    const normalized = normalize(parameters, `${name}.ln_1`, x, epsilon);
    const projected = linear(parameters, `${name}.attn.c_attn`, normalized);
    const [query, key, value] = split(projected, 1, [width, width, width]).map(toHeads);
    const mixed = attend(layer, { query: query!, key: key!, value: value! });
    const merged = reshape(transpose(mixed, [0, 2, 1, 3]), [-1, width]);
    x = add(x, linear(parameters, `${name}.attn.c_proj`, merged));
    const inner = linear(parameters, `${name}.mlp.c_fc`, normalize(parameters, `${name}.ln_2`, x, epsilon));
    x = add(x, linear(parameters, `${name}.mlp.c_proj`, gelu(inner)));
  }
  return normalize(parameters, 'ln_f', x, epsilon);
}

/** Scaled dot-product attention (Vaswani et al., "Attention Is All You Need", 2017, section 3.2.1). */
function scaledScores(query: Tensor, key: Tensor): Tensor {
  return matmul(query, key, { transposeB: true, alpha: 1 / Math.sqrt(query.shape.at(-1)!) });
}

/**
 * The forward pass over packed rows.
 * @param inputs ids and positions int32 [N]; an additive attention mask float32 [B,1,T,T]: 0 where the query may see
 *   the key, a large negative number elsewhere.
 * @returns hidden states [N,C], and each layer's keys and values [B,H,T,D].
 */
export function forward(
  configuration: Gpt2Configuration,
  parameters: SymbolicParameters,
  inputs: { inputIds: Tensor; positionIds: Tensor; attentionMask: Tensor },
): { hidden: Tensor; keys: Tensor[]; values: Tensor[] } {
  const [keys, values]: [Tensor[], Tensor[]] = [[], []];
  const rows = inputs.attentionMask.shape[0]!;
  const hidden = hiddenStates(configuration, parameters, { ...inputs, rows }, (_, { query, key, value }) => {
    keys.push(key);
    values.push(value);
    const weights = softmax(add(scaledScores(query, key), inputs.attentionMask));
    return matmul(weights, value);
  });
  return { hidden, keys, values };
}

/**
 * One token further in each of S slots, against a cache of earlier keys and values.
 * @param inputs ids and positions int32 [S]; an additive mask float32 [S,1,1,K] that hides the unused part of the
 *   cache; past keys and values of each layer, [S,H,K,D].
 * @returns hidden states [S,C], and each layer's new key and value, [S,H,1,D], for the caller to put into the cache.
 */
export function decodeStep(
  configuration: Gpt2Configuration,
  parameters: SymbolicParameters,
  inputs: {
    inputIds: Tensor;
    positionIds: Tensor;
    cacheMask: Tensor;
    pastKeys: readonly Tensor[];
    pastValues: readonly Tensor[];
  },
): { hidden: Tensor; newKeys: Tensor[]; newValues: Tensor[] } {
  const [newKeys, newValues]: [Tensor[], Tensor[]] = [[], []];
  const rows = inputs.inputIds.shape[0]!;
  const hidden = hiddenStates(
    configuration,
    parameters,
    { ...inputs, rows },
    (layer, { query, key, value }) => {
      newKeys.push(key);
      newValues.push(value);
      const past = add(scaledScores(query, inputs.pastKeys[layer]!), inputs.cacheMask);
      const own = multiply(reduceSum(multiply(query, key), [3], true), 1 / Math.sqrt(query.shape[3]!));
      const capacity = past.shape[3]!;
      const [pastWeights, ownWeight] = split(softmax(concat([past, own], 3)), 3, [capacity, 1]);
      return add(matmul(pastWeights!, inputs.pastValues[layer]!), multiply(ownWeight!, value));
    },
  );
  return { hidden, newKeys, newValues };
}

/** Logits [N,V] of hidden states [N,C]: the output layer shares the token embedding. */
export function outputLogits(parameters: SymbolicParameters, hidden: Tensor): Tensor {
  return matmul(hidden, parameter(parameters, 'wte.weight'), { transposeB: true });
}
