import {
  add,
  cachedAttention,
  cast,
  gatherRows,
  gelu,
  input,
  layerNormalization,
  matmul,
  multiply,
  quantizedMatmul,
  reshape,
  softmax,
  split,
  transpose,
} from '../graph/builder.js';
import { type FloatType, isFloat } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { adapterNames, adapterScale } from './adapters.js';
import type { TransformerConfiguration } from './configuration.js';
import type { ParameterSpecification } from './parameters.js';

/** Symbolic parameters by name; `wte.weight` and so on are inputs of the graph. */
export type SymbolicParameters = ReadonlyMap<string, Tensor>;

/** The 8-bit form of the output layer, [C,V]. */
export const outputName = 'output.weight';

/** The scales [M] that belong to an 8-bit matrix [C,M]. */
export const scalesName = (name: string): string => `${name}.scales`;

/** An input for every parameter, named like it. */
export function parameterInputs(specifications: readonly ParameterSpecification[]): SymbolicParameters {
  return new Map(specifications.map(({ name, shape }) => [name, input(name, shape)]));
}

/**
 * The parameters with the matrices of the blocks in `type`. Whatever is multiplied with a matrix takes its type: the
 * products of the blocks, attention's among them, are computed in it. What is exponentiated, normalized or added to the
 * residual stream is float32 throughout (Micikevicius et al., "Mixed Precision Training", 2018, section 3).
 */
export function withProductsIn(
  type: FloatType,
  parameters: SymbolicParameters,
  specifications: readonly ParameterSpecification[],
): SymbolicParameters {
  const matrices = new Set(specifications.filter(({ decays }) => decays).map(({ name }) => name));
  const inType = ([name, tensor]: readonly [string, Tensor]): [string, Tensor] => [
    name,
    matrices.has(name) ? cast(tensor, type) : tensor,
  ];
  return new Map([...parameters].map(inType));
}

/** From queries, keys and values of tokens, [N,3C], to what each token takes from the others, [N,C]. */
type Attention = (projections: Tensor) => Tensor;

function parameter(parameters: SymbolicParameters, name: string): Tensor {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`no parameter ${name}`);
  return tensor;
}

/** x·W, in 8 bits where the matrix has scales. */
function product(parameters: SymbolicParameters, name: string, x: Tensor): Tensor {
  const [weight, scales] = [parameter(parameters, name), parameters.get(scalesName(name))];
  return scales ? quantizedMatmul(x, weight, scales) : matmul(x, weight);
}

/** The type in which a tensor takes part in products: its own, or float32 where it is rounded to 8 bits. */
const typeOf = ({ dtype }: Tensor): FloatType => (isFloat(dtype) ? dtype : 'float32');

/** x·W + b, and scale·(x·A)·B where the matrix has an adapter; in the type of W. */
function linear(parameters: SymbolicParameters, name: string, input: Tensor): Tensor {
  const type = typeOf(parameter(parameters, `${name}.weight`));
  const x = cast(input, type);
  const bias = cast(parameter(parameters, `${name}.bias`), type);
  const y = add(product(parameters, `${name}.weight`, x), bias);
  const { down, up } = adapterNames(name);
  const [a, b] = [parameters.get(down), parameters.get(up)];
  return a && b ? add(y, matmul(matmul(x, a), b, { alpha: adapterScale })) : y;
}

const exact = (x: Tensor): Tensor => cast(x, 'float32');

function normalize(parameters: SymbolicParameters, name: string, x: Tensor, epsilon: number): Tensor {
  const [scale, bias] = [parameter(parameters, `${name}.weight`), parameter(parameters, `${name}.bias`)];
  return layerNormalization(x, scale, bias, epsilon).y;
}

/** Factors of a block's activations while training with dropout. */
export interface BlockDropout {
  /** [B,H,T,T], of the attention weights. */
  readonly attention: Tensor;
  /** [N,C], of what attention adds to the residual stream. */
  readonly attended: Tensor;
  /** [N,C], of what the feed-forward part adds to it. */
  readonly expanded: Tensor;
}

const dropped = (x: Tensor, factors: Tensor | undefined): Tensor => (factors ? multiply(x, factors) : x);

/** Token and position embeddings, [N,C], of int32 ids and positions [N]. */
export function embed(parameters: SymbolicParameters, inputIds: Tensor, positionIds: Tensor): Tensor {
  return add(
    gatherRows(parameter(parameters, 'wte.weight'), inputIds),
    gatherRows(parameter(parameters, 'wpe.weight'), positionIds),
  );
}

/**
 * One block of GPT-2 on N = B·T tokens (Radford et al. 2019, section 2.3: layer norm before each sub-block).
 * @param x float32 [N,C].
 * @param attend what mixes the tokens; everything else works token by token.
 * @returns [N,C].
 */
function block(
  { layerNormEpsilon: epsilon }: TransformerConfiguration,
  parameters: SymbolicParameters,
  { layer, x, dropout }: { layer: number; x: Tensor; dropout?: BlockDropout | undefined },
  attend: Attention,
): Tensor {
  const name = `h.${layer}`;
  const projected = linear(
    parameters,
    `${name}.attn.c_attn`,
    normalize(parameters, `${name}.ln_1`, x, epsilon),
  );
  const taken = linear(parameters, `${name}.attn.c_proj`, attend(projected));
  const attended = add(x, dropped(exact(taken), dropout?.attended));
  const inner = linear(
    parameters,
    `${name}.mlp.c_fc`,
    normalize(parameters, `${name}.ln_2`, attended, epsilon),
  );
  const expanded = linear(parameters, `${name}.mlp.c_proj`, gelu(exact(inner)));
  return add(attended, dropped(exact(expanded), dropout?.expanded));
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
 * @param dropout while training with it.
 * @returns y [N,C] and the block's keys and values [B,H,T,D].
 */
export function maskedBlock(
  configuration: TransformerConfiguration,
  parameters: SymbolicParameters,
  {
    layer,
    x,
    attentionMask,
    dropout,
  }: { layer: number; x: Tensor; attentionMask: Tensor; dropout?: BlockDropout | undefined },
): { y: Tensor; key: Tensor; value: Tensor } {
  const { width, heads } = configuration;
  const rows = attentionMask.shape[0]!;
  const toHeads = (tensor: Tensor): Tensor =>
    transpose(reshape(tensor, [rows, -1, heads, width / heads]), [0, 2, 1, 3]);
  const seen: Tensor[][] = [];
  const y = block(configuration, parameters, { layer, x, dropout }, (projections) => {
    const [query, key, value] = split(projections, 1, [width, width, width]).map(toHeads);
    seen.push([key!, value!]);
    const weights = softmax(add(exact(scaledScores(query!, key!)), attentionMask));
    const mixed = matmul(cast(dropped(weights, dropout?.attention), typeOf(value!)), value!);
    return reshape(transpose(mixed, [0, 2, 1, 3]), [-1, width]);
  });
  const [key, value] = seen[0]!;
  return { y, key: key!, value: value! };
}

/** The layer norm after the last block: hidden states [N,C]. */
export function finalNorm(
  configuration: TransformerConfiguration,
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
  configuration: TransformerConfiguration,
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
 * New tokens against a cache of earlier keys and values: one a row, or several of one row.
 * @param inputs ids and positions int32 [N]; lengths int32 [B], the tokens each row holds with the new ones; past keys
 *   and values of each layer, [B,H,K,D'], D' being what the projections' weights are padded to.
 * @returns hidden states [N,C], and each layer's keys and values with the new ones in them, [B,H,K,D'].
 */
export function decodeStep(
  configuration: TransformerConfiguration,
  parameters: SymbolicParameters,
  inputs: {
    inputIds: Tensor;
    positionIds: Tensor;
    lengths: Tensor;
    pastKeys: readonly Tensor[];
    pastValues: readonly Tensor[];
  },
): { hidden: Tensor; keys: Tensor[]; values: Tensor[] } {
  const [keys, values]: [Tensor[], Tensor[]] = [[], []];
  const { heads, width } = configuration;
  const scale = 1 / Math.sqrt(width / heads);
  let x = embed(parameters, inputs.inputIds, inputs.positionIds);
  for (let layer = 0; layer < configuration.layers; layer++) {
    x = block(configuration, parameters, { layer, x }, (projections) => {
      const past = { keys: inputs.pastKeys[layer]!, values: inputs.pastValues[layer]! };
      const attended = cachedAttention(projections, past, inputs.lengths, { heads, scale });
      keys.push(attended.keys);
      values.push(attended.values);
      return attended.mixed;
    });
  }
  return { hidden: finalNorm(configuration, parameters, x), keys, values };
}

/**
 * Logits [N,V] of hidden states [N,C]: the output layer shares the token embedding, or has an 8-bit form of it of its
 * own.
 */
export function outputLogits(parameters: SymbolicParameters, hidden: Tensor): Tensor {
  if (parameters.has(outputName)) return product(parameters, outputName, hidden);
  return matmul(hidden, outputWeight(parameters), { transposeB: true });
}

/** The output layer [V,C]: the token embedding. */
export const outputWeight = (parameters: SymbolicParameters): Tensor => parameter(parameters, 'wte.weight');
