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
import { adapterNames, adapterScale } from './adapters.js';
import type { Gpt2Configuration } from './configuration.js';
import type { ParameterSpecification } from './parameters.js';

/** Symbolic parameters by name; `wte.weight` and so on are inputs of the graph. */
export type SymbolicParameters = ReadonlyMap<string, Tensor>;

/** An input for every parameter, named like it. */
export function parameterInputs(specifications: readonly ParameterSpecification[]): SymbolicParameters {
  return new Map(specifications.map(({ name, shape }) => [name, input(name, shape)]));
}

/** Query, key and value of new tokens, each [B,H,T,D]. */
interface Projections {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}

/** From queries, keys and values to what each token takes from the others, [B,H,T,D]. */
type Attention = (projections: Projections) => Tensor;

function parameter(parameters: SymbolicParameters, name: string): Tensor {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`no parameter ${name}`);
  return tensor;
}

/** x·W + b, and scale·(x·A)·B where the matrix has an adapter. */
function linear(parameters: SymbolicParameters, name: string, x: Tensor): Tensor {
  const y = add(matmul(x, parameter(parameters, `${name}.weight`)), parameter(parameters, `${name}.bias`));
  const { down, up } = adapterNames(name);
  const [a, b] = [parameters.get(down), parameters.get(up)];
  return a && b ? add(y, matmul(matmul(x, a), b, { alpha: adapterScale })) : y;
}

function normalize(parameters: SymbolicParameters, name: string, x: Tensor, epsilon: number): Tensor {
  const [scale, bias] = [parameter(parameters, `${name}.weight`), parameter(parameters, `${name}.bias`)];
  return layerNormalization(x, scale, bias, epsilon).y;
}

/** Token and position embeddings, [N,C], of int32 ids and positions [N]. */
export function embed(parameters: SymbolicParameters, inputIds: Tensor, positionIds: Tensor): Tensor {
  return add(
    gatherRows(parameter(parameters, 'wte.weight'), inputIds),
    gatherRows(parameter(parameters, 'wpe.weight'), positionIds),
  );
}

/**
 * One block of GPT-2 on N = B·T tokens (Radford et al. 2019, section 2.3: layer norm before each sub-block).
 * @param x [N,C].
 * @param rows B.
 * @param attend what mixes the tokens; everything else works token by token.
 * @returns [N,C].
 */
function block(
  { width, heads, layerNormEpsilon: epsilon }: Gpt2Configuration,
  parameters: SymbolicParameters,
  { layer, x, rows }: { layer: number; x: Tensor; rows: number },
  attend: Attention,
): Tensor {
  const name = `h.${layer}`;
  const toHeads = (tensor: Tensor): Tensor =>
    transpose(reshape(tensor, [rows, -1, heads, width / heads]), [0, 2, 1, 3]);
  const projected = linear(
    parameters,
    `${name}.attn.c_attn`,
    normalize(parameters, `${name}.ln_1`, x, epsilon),
  );
  const [query, key, value] = split(projected, 1, [width, width, width]).map(toHeads);
  const mixed = attend({ query: query!, key: key!, value: value! });
  const merged = reshape(transpose(mixed, [0, 2, 1, 3]), [-1, width]);
  const attended = add(x, linear(parameters, `${name}.attn.c_proj`, merged));
  const inner = linear(
    parameters,
    `${name}.mlp.c_fc`,
    normalize(parameters, `${name}.ln_2`, attended, epsilon),
  );
  return add(attended, linear(parameters, `${name}.mlp.c_proj`, gelu(inner)));
}

/** Scaled dot products (Vaswani et al., "Attention Is All You Need", 2017, section 3.2.1). */
function scaledScores(query: Tensor, key: Tensor): Tensor {
  return matmul(query, key, { transposeB: true, alpha: 1 / Math.sqrt(query.shape.at(-1)!) });
}

/**
 * A block over packed rows.
 * @param x [N,C].
 * @param attentionMask additive, float32 [B,1,T,T]: 0 where the query may see the key, a large negative number
 *   elsewhere.
 * @returns y [N,C] and the block's keys and values [B,H,T,D].
 */
export function maskedBlock(
  configuration: Gpt2Configuration,
  parameters: SymbolicParameters,
  { layer, x, attentionMask }: { layer: number; x: Tensor; attentionMask: Tensor },
): { y: Tensor; key: Tensor; value: Tensor } {
  const seen: Projections[] = [];
  const y = block(configuration, parameters, { layer, x, rows: attentionMask.shape[0]! }, (projections) => {
    seen.push(projections);
    return matmul(
      softmax(add(scaledScores(projections.query, projections.key), attentionMask)),
      projections.value,
    );
  });
  return { y, key: seen[0]!.key, value: seen[0]!.value };
}

/** The layer norm after the last block: hidden states [N,C]. */
export function finalNorm(
  configuration: Gpt2Configuration,
  parameters: SymbolicParameters,
  x: Tensor,
): Tensor {
  return normalize(parameters, 'ln_f', x, configuration.layerNormEpsilon);
}

/**
 * The forward pass over packed rows.
 * @param inputs ids and positions int32 [N]; `attentionMask` as in `maskedBlock`.
 * @returns hidden states [N,C], and each layer's keys and values [B,H,T,D].
 */
export function forward(
  configuration: Gpt2Configuration,
  parameters: SymbolicParameters,
  inputs: { inputIds: Tensor; positionIds: Tensor; attentionMask: Tensor },
): { hidden: Tensor; keys: Tensor[]; values: Tensor[] } {
  const [keys, values]: [Tensor[], Tensor[]] = [[], []];
  const { attentionMask } = inputs;
  let x = embed(parameters, inputs.inputIds, inputs.positionIds);
  for (let layer = 0; layer < configuration.layers; layer++) {
    const { y, key, value } = maskedBlock(configuration, parameters, { layer, x, attentionMask });
    x = y;
    keys.push(key);
    values.push(value);
  }
  return { hidden: finalNorm(configuration, parameters, x), keys, values };
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
  let x = embed(parameters, inputs.inputIds, inputs.positionIds);
  for (let layer = 0; layer < configuration.layers; layer++) {
    x = block(configuration, parameters, { layer, x, rows }, ({ query, key, value }) => {
      newKeys.push(key);
      newValues.push(value);
      const past = add(scaledScores(query, inputs.pastKeys[layer]!), inputs.cacheMask);
      const own = multiply(reduceSum(multiply(query, key), [3], true), 1 / Math.sqrt(query.shape[3]!));
      const capacity = past.shape[3]!;
      const [pastWeights, ownWeight] = split(softmax(concat([past, own], 3)), 3, [capacity, 1]);
      return add(matmul(pastWeights!, inputs.pastValues[layer]!), multiply(ownWeight!, value));
    });
  }
  return { hidden: finalNorm(configuration, parameters, x), newKeys, newValues };
}

/** Logits [N,V] of hidden states [N,C]: the output layer shares the token embedding. */
export function outputLogits(parameters: SymbolicParameters, hidden: Tensor): Tensor {
  return matmul(hidden, parameter(parameters, 'wte.weight'), { transposeB: true });
}
