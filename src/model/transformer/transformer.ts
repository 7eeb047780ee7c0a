/**
 * The decoder-only transformer, from token ids to logits: one loop over the layers for training, generation and the
 * ONNX export, which pass different attention functions; for GPT-2 and Llama, whose architecture (architecture.ts)
 * chooses among the few parts that differ.
 *
 * Shapes: B rows (texts), T tokens in a row, N = B·T, C channels (width), H heads, D channels of a head, G heads of keys
 * and values, K keys that a query may see, V vocabulary, L layers. `[..,C]` is [N,C] or [B,T,C]: only attention distinguishes rows.
 */
import {
  add,
  cast,
  concat,
  gatedSilu,
  gatherRows,
  gelu,
  groupedMatmul,
  input,
  layerNormalization,
  matmul,
  multiply,
  quantizedMatmul,
  reshape,
  rmsNormalization,
  rotate,
  softmax,
  split,
  transpose,
} from '../graph/builder.js';
import { type FloatType, isFloat } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { architectureOf, projectionWidths } from './architecture.js';
import type { TransformerConfiguration } from './configuration.js';
import { loraNames, loraScale } from './lora.js';
import type { ParameterSpecification } from './parameters.js';
import { rotaryAngles } from './rotary.js';

/** Symbolic parameters by the names of `parameterSpecifications`. */
export type SymbolicParameters = ReadonlyMap<string, Tensor>;

/** The outputs of one layer's attention. */
interface AttentionOutputs {
  /** The weighted sum of values for each token, before the output projection, [..,H·D]. */
  readonly output: Tensor;
  /** Keys and values attended to, including the tokens' own, [B,G,K,D]. */
  readonly keys: Tensor;
  readonly values: Tensor;
}

/**
 * Attention, the only part of the model that relates tokens to each other.
 * @param projections queries, keys and values side by side, [..,(H+2G)·D].
 */
export type Attention = (projections: Tensor, layer: number) => AttentionOutputs;

/** Factors that activations are multiplied by when training with dropout. */
export interface Dropout {
  /** [N,C], for the embeddings. */
  readonly embedding: Tensor;
  readonly block: (layer: number) => BlockDropout;
}

export interface BlockDropout {
  /** [B,H,T,T], for the attention weights. */
  readonly attention: Tensor;
  /** [N,C], for the attention's output projection. */
  readonly attended: Tensor;
  /** [N,C], for the feed-forward network's output. */
  readonly expanded: Tensor;
}

/** What all layers share. */
interface TransformerContext {
  readonly configuration: TransformerConfiguration;
  readonly parameters: SymbolicParameters;
  readonly attention: Attention;
  readonly dropout?: Dropout | undefined;
}

interface TransformerOutputs {
  /** Hidden states after the last norm, float32 [..,C]. */
  readonly hidden: Tensor;
  /** The residual stream before each layer and after the last: L + 1 times float32 [..,C]. */
  readonly residuals: readonly Tensor[];
  /** Each layer's keys and values, as returned by its attention. */
  readonly keys: readonly Tensor[];
  readonly values: readonly Tensor[];
}

/**
 * From tokens to hidden states (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section
 * 2.3: embeddings, pre-norm blocks, a final norm).
 * @param tokens token ids, and each token's position in its text: int32 [N] or [B,T].
 */
export function transformer(
  context: TransformerContext,
  tokens: { readonly inputIds: Tensor; readonly positionIds: Tensor },
): TransformerOutputs {
  const { configuration, dropout } = context;
  const residuals = [dropped(embed(context, tokens), dropout?.embedding)];
  const [keys, values]: [Tensor[], Tensor[]] = [[], []];
  for (let layer = 0; layer < configuration.layers; layer++) {
    const block = transformerBlock(context, layer, residuals[layer]!);
    residuals.push(block.output);
    keys.push(block.keys);
    values.push(block.values);
  }
  const hidden = normalize(context, 'ln_f', residuals.at(-1)!);
  return { hidden, residuals, keys, values };
}

/** Embeddings of tokens, and of positions where they have some, [..,C]. */
function embed(
  { configuration, parameters }: TransformerContext,
  { inputIds, positionIds }: { readonly inputIds: Tensor; readonly positionIds: Tensor },
): Tensor {
  const tokens = gatherRows(parameter(parameters, 'wte.weight'), inputIds);
  if (architectureOf(configuration).rotary) return tokens;
  return add(tokens, gatherRows(parameter(parameters, 'wpe.weight'), positionIds));
}

/**
 * One layer: attention and a feed-forward network, each on the normalized residual stream and added to it.
 * @param x float32 [..,C]. @returns `output` float32 [..,C], and the keys and values of its attention.
 */
export function transformerBlock(
  context: TransformerContext,
  layer: number,
  x: Tensor,
): { readonly output: Tensor; readonly keys: Tensor; readonly values: Tensor } {
  const { parameters, attention, dropout } = context;
  const name = `h.${layer}`;
  const factors = dropout?.block(layer);
  const projections = linear(parameters, `${name}.attn.c_attn`, normalize(context, `${name}.ln_1`, x));
  const { output, keys, values } = attention(projections, layer);
  const attended = linear(parameters, `${name}.attn.c_proj`, output);
  const middle = add(x, dropped(toFloat32(attended), factors?.attended));
  const inner = linear(parameters, `${name}.mlp.c_fc`, normalize(context, `${name}.ln_2`, middle));
  const expanded = linear(parameters, `${name}.mlp.c_proj`, activate(context, inner));
  return { output: add(middle, dropped(toFloat32(expanded), factors?.expanded)), keys, values };
}

/** What becomes of the feed-forward network's first product, [..,M] or [..,2M], before its second: [..,M]. */
function activate({ configuration }: TransformerContext, inner: Tensor): Tensor {
  const { activation, innerWidth } = architectureOf(configuration);
  if (activation === 'gelu') return gelu(inner);
  const [gate, value] = split(inner, inner.shape.length - 1, [innerWidth, innerWidth]);
  return gatedSilu(gate!, value!);
}

/**
 * Attention of whole rows: softmax(q·kᵀ/√D + mask)·v (Vaswani et al., "Attention Is All You Need", 2017,
 * section 3.2.1).
 * @param tokens `attentionMask`: additive, float32 [B,1,T,K], 0 where the query may see the key, a large negative number
 *   elsewhere; `positionIds`: each token's position in its text, int32 [..].
 * @param past each layer's keys and values [B,G,K−T,D] of earlier tokens, whose number may be dynamic; without them K is T.
 */
export function maskedAttention(
  configuration: TransformerConfiguration,
  { attentionMask: mask, positionIds }: { readonly attentionMask: Tensor; readonly positionIds: Tensor },
  {
    past,
    dropout,
  }: {
    readonly past?: { readonly keys: readonly Tensor[]; readonly values: readonly Tensor[] };
    readonly dropout?: Dropout | undefined;
  } = {},
): Attention {
  const { heads, contextLength } = configuration;
  const { headWidth, keyValueHeads, rotary } = architectureOf(configuration);
  const widths = projectionWidths(configuration);
  const rows = mask.shape[0]!;
  const angles = rotary && rotaryAngles(rotary, headWidth, past ? contextLength : mask.shape.at(-1)!);
  const turned = (x: Tensor): Tensor => (angles ? rotate(x, positionIds, angles) : x);
  const toHeads = (x: Tensor): Tensor =>
    transpose(reshape(x, [rows, -1, x.shape.at(-1)! / headWidth, headWidth]), [0, 2, 1, 3]);
  const share = heads / keyValueHeads;
  /** Heads that share keys and values as rows of one, [B,H,T,·] as [B,G,T·H/G,·]; reshape knows no dynamic number. */
  const regroup = (count: number, x: Tensor): Tensor =>
    share === 1 || past ? x : reshape(x, [rows, count, -1, x.shape.at(-1)!]);
  const forEachHead = (x: Tensor): Tensor => (share > 1 && past ? repeatHeads(x, share) : x);
  return (projections, layer) => {
    const leading = projections.shape.slice(0, -1);
    const [q, k, v] = split(projections, leading.length, widths) as [Tensor, Tensor, Tensor];
    const [query, key, value] = [toHeads(turned(q)), toHeads(turned(k)), toHeads(v)];
    const keys = past ? concat([past.keys[layer]!, key], 2) : key;
    const values = past ? concat([past.values[layer]!, value], 2) : value;
    const alpha = 1 / Math.sqrt(headWidth);
    const products = matmul(regroup(keyValueHeads, query), forEachHead(keys), { transposeB: true, alpha });
    const scores = toFloat32(regroup(heads, products));
    const weights = dropped(softmax(add(scores, mask)), dropout?.block(layer).attention);
    const shares = cast(regroup(keyValueHeads, weights), matmulDtype(values));
    const output = transpose(regroup(heads, matmul(shares, forEachHead(values))), [0, 2, 1, 3]);
    return { output: reshape(output, [...leading, widths[0]]), keys, values };
  };
}

/** Each head of keys or values [B,G,K,D] as often as heads share it, [B,H,K,D]. */
function repeatHeads(x: Tensor, times: number): Tensor {
  const each = split(x, 1, new Array<number>(x.shape[1]!).fill(1));
  return concat(
    each.flatMap((head) => new Array<Tensor>(times).fill(head)),
    1,
  );
}

/** Logits [..,V] of hidden states [..,C], with the 8-bit output layer if there is one. */
export function outputLogits(parameters: SymbolicParameters, hidden: Tensor): Tensor {
  if (parameters.has(quantizedOutputName)) return multiplyByMatrix(parameters, quantizedOutputName, hidden);
  return matmul(hidden, outputWeight(parameters), { transposeB: true });
}

/** The output layer [V,C]: the token embedding, or one of its own. */
export const outputWeight = (parameters: SymbolicParameters): Tensor =>
  parameters.get('lm_head.weight') ?? parameter(parameters, 'wte.weight');

/** The 8-bit form of the output layer, [C,V]. */
export const quantizedOutputName = 'output.weight';

/** The scales [M] that belong to an 8-bit matrix [C,M]. */
export const scalesName = (matrix: string): string => `${matrix}.scales`;

/** The transposed form [M,C] of an 8-bit matrix [C,M], for gradients. */
export const transposedName = (matrix: string): string => `${matrix}.transposed`;

/** A graph input for every parameter, with its name. */
export function parameterInputs(specifications: readonly ParameterSpecification[]): SymbolicParameters {
  return new Map(specifications.map(({ name, shape }) => [name, input(name, shape)]));
}

/**
 * The parameters with the matrices of the blocks cast to `type`. Operands of a matrix product take the matrix's type,
 * so that all products in the blocks, including attention's, are computed in it. Softmax, normalization and the
 * residual stream stay float32 (Micikevicius et al., "Mixed Precision Training", 2018, section 3).
 */
export function withMatmulDtype(
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

function parameter(parameters: SymbolicParameters, name: string): Tensor {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`no parameter ${name}`);
  return tensor;
}

const toFloat32 = (x: Tensor): Tensor => cast(x, 'float32');

const dropped = (x: Tensor, factors: Tensor | undefined): Tensor => (factors ? multiply(x, factors) : x);

/** The type of matrix products with a tensor: its own, or float32 if it is quantized to 8 bits. */
const matmulDtype = ({ dtype }: Tensor): FloatType => (isFloat(dtype) ? dtype : 'float32');

/** x·W, in 8 bits if the matrix has scales. */
function multiplyByMatrix(parameters: SymbolicParameters, matrix: string, x: Tensor): Tensor {
  const [weight, scales] = [parameter(parameters, matrix), parameters.get(scalesName(matrix))];
  if (!scales) return matmul(x, weight);
  const name = transposedName(matrix);
  const [w, ownScales] = [parameters.get(name), parameters.get(scalesName(name))];
  return quantizedMatmul(x, weight, scales, w && ownScales && { w, scales: ownScales });
}

/** x·W, plus b if the model has biases, plus scale·(x·A)·B if the matrix has an adapter, or one for each slot; in the type of W. */
function linear(parameters: SymbolicParameters, name: string, input: Tensor): Tensor {
  const type = matmulDtype(parameter(parameters, `${name}.weight`));
  const x = cast(input, type);
  const product = multiplyByMatrix(parameters, `${name}.weight`, x);
  const bias = parameters.get(`${name}.bias`);
  const y = bias ? add(product, cast(bias, type)) : product;
  const { down, up } = loraNames(name);
  const [a, b] = [parameters.get(down), parameters.get(up)];
  if (!a || !b) return y;
  // Of adapters in slots, each token's product is with its slot's own, whose second factor has the scale in it.
  if (a.shape.length === 3) return add(y, groupedMatmul(groupedMatmul(x, a), b));
  return add(y, matmul(matmul(x, a), b, { alpha: loraScale }));
}

function normalize({ configuration, parameters }: TransformerContext, name: string, x: Tensor): Tensor {
  const scale = parameter(parameters, `${name}.weight`);
  const { layerNormEpsilon: epsilon } = configuration;
  if (architectureOf(configuration).norm === 'rms') return rmsNormalization(x, scale, epsilon).y;
  return layerNormalization(x, scale, parameter(parameters, `${name}.bias`), epsilon).y;
}
