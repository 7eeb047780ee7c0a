import type { ModelProto } from '../../engine/onnx/schema.js';
import type { TransformerConfiguration } from '../configuration.js';
import { GraphAssembly } from './graph-assembly.js';

/** Scores of keys that must not be seen; e^−1e9 is 0 in float32. */
const hiddenScore = -1e9;

/** The sizes that are known only when the model runs, under the names Hugging Face's exporter gives them. */
const [batch, sequence, past, total] = [
  'batch_size',
  'sequence_length',
  'past_sequence_length',
  'total_sequence_length',
];

/** Values that every layer uses. */
interface Shared {
  /** [B,T] as a tensor. */
  readonly rowsAndTokens: string;
  /** Additive, [B,1,T,K]. */
  readonly mask: string;
}

/** GPT-2 with a growing cache, in the form that Hugging Face's tools and transformers.js generate from. */
class Gpt2OnnxGraph {
  private readonly graph = new GraphAssembly();

  constructor(private readonly configuration: TransformerConfiguration) {}

  build(): ModelProto['graph'] {
    const { graph } = this;
    const { layers, heads, width, vocabularySize } = this.configuration;
    const cacheShape = [batch, heads, past, width / heads];
    const inputIds = graph.input('input_ids', 'int64', [batch, sequence]);
    const attentionMask = graph.input('attention_mask', 'int64', [batch, total]);
    const positionIds = graph.input('position_ids', 'int64', [batch, sequence]);
    for (let layer = 0; layer < layers; layer++) {
      graph.input(`past_key_values.${layer}.key`, 'float32', cacheShape);
      graph.input(`past_key_values.${layer}.value`, 'float32', cacheShape);
    }
    const rowsAndTokens = graph.emit('Shape', [inputIds]);
    const shared = { rowsAndTokens, mask: this.mask(inputIds, attentionMask) };
    let x = graph.emit('Add', [
      graph.emit('Gather', ['wte.weight', inputIds]),
      graph.emit('Gather', ['wpe.weight', positionIds]),
    ]);
    const presents: string[] = [];
    for (let layer = 0; layer < layers; layer++) {
      const attention = this.attention(layer, this.normalize(`h.${layer}.ln_1`, x), shared);
      presents.push(...attention.presents);
      x = graph.emit('Add', [x, attention.mixed]);
      x = graph.emit('Add', [x, this.feedForward(layer, this.normalize(`h.${layer}.ln_2`, x))]);
    }
    const logits = this.logits(this.normalize('ln_f', x), rowsAndTokens);
    graph.output('logits', logits, [batch, sequence, vocabularySize]);
    for (const [index, present] of presents.entries()) {
      const kind = index % 2 === 0 ? 'key' : 'value';
      graph.output(`present.${index >> 1}.${kind}`, present, [batch, heads, total, width / heads]);
    }
    return graph.finish('gpt2');
  }

  /** 0 where a token may see a key: not after itself, and not where the attention mask is 0. */
  private mask(inputIds: string, attentionMask: string): string {
    const { graph } = this;
    const size = (value: string, axis: number): string =>
      graph.emit('Gather', [graph.emit('Shape', [value]), graph.constant('int64', axis)], { axis: 0 });
    const pastLength = size('past_key_values.0.key', 2);
    const totalLength = graph.emit('Add', [pastLength, size(inputIds, 1)]);
    const range = (from: string): string =>
      graph.emit('Range', [from, totalLength, graph.constant('int64', 1)]);
    const queries = graph.emit('Unsqueeze', [range(pastLength), graph.constant('int64', [1])]);
    const causal = graph.emit('LessOrEqual', [range(graph.constant('int64', 0)), queries]);
    const booleanType = 9;
    const kept = graph.emit('Unsqueeze', [
      graph.emit('Cast', [attentionMask], { to: booleanType }),
      graph.constant('int64', [1, 2]),
    ]);
    const visible = graph.emit('And', [causal, kept]);
    return graph.emit('Where', [
      visible,
      graph.constant('float32', 0),
      graph.constant('float32', hiddenScore),
    ]);
  }

  private normalize(name: string, x: string): string {
    const epsilon = { float: this.configuration.layerNormEpsilon };
    return this.graph.emit('LayerNormalization', [x, `${name}.weight`, `${name}.bias`], {
      axis: -1,
      epsilon,
    });
  }

  /** x·W + b, [B,T,out] of [B,T,in]. */
  private linear(name: string, x: string): string {
    return this.graph.emit('Add', [this.graph.emit('MatMul', [x, `${name}.weight`]), `${name}.bias`]);
  }

  /** @returns what each token takes from the others [B,T,C], and the layer's keys and values [B,H,K,D]. */
  private attention(
    layer: number,
    x: string,
    { rowsAndTokens, mask }: Shared,
  ): { mixed: string; presents: string[] } {
    const { graph } = this;
    const { width, heads } = this.configuration;
    const headWidth = width / heads;
    const name = `h.${layer}.attn`;
    const projected = this.linear(`${name}.c_attn`, x);
    const sizes = graph.constant('int64', [width, width, width]);
    const split = graph.emitMany('Split', [projected, sizes], 3, { axis: -1 });
    const toHeads = graph.emit('Concat', [rowsAndTokens, graph.constant('int64', [heads, headWidth])], {
      axis: 0,
    });
    const [query, key, value] = split.map((part) =>
      graph.emit('Transpose', [graph.emit('Reshape', [part, toHeads])], { perm: [0, 2, 1, 3] }),
    );
    const [keys, values] = [
      graph.emit('Concat', [`past_key_values.${layer}.key`, key!], { axis: 2 }),
      graph.emit('Concat', [`past_key_values.${layer}.value`, value!], { axis: 2 }),
    ];
    const scaled = graph.emit('Mul', [query!, graph.constant('float32', 1 / Math.sqrt(headWidth))]);
    const scores = graph.emit('MatMul', [scaled, graph.emit('Transpose', [keys], { perm: [0, 1, 3, 2] })]);
    const weights = graph.emit('Softmax', [graph.emit('Add', [scores, mask])], { axis: -1 });
    const perHead = graph.emit('Transpose', [graph.emit('MatMul', [weights, values])], {
      perm: [0, 2, 1, 3],
    });
    const joined = graph.emit('Concat', [rowsAndTokens, graph.constant('int64', [width])], { axis: 0 });
    const mixed = this.linear(`${name}.c_proj`, graph.emit('Reshape', [perHead, joined]));
    return { mixed, presents: [keys, values] };
  }

  private feedForward(layer: number, x: string): string {
    const name = `h.${layer}.mlp`;
    return this.linear(`${name}.c_proj`, this.gelu(this.linear(`${name}.c_fc`, x)));
  }

  /**
   * ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))): GELU's tanh form, which has no operator of its own before opset
   * 20.
   */
  private gelu(x: string): string {
    const { graph } = this;
    const number = (value: number): string => graph.constant('float32', value);
    const cubed = graph.emit('Mul', [graph.emit('Mul', [x, x]), x]);
    const inner = graph.emit('Add', [x, graph.emit('Mul', [cubed, number(0.044715)])]);
    const tanh = graph.emit('Tanh', [graph.emit('Mul', [inner, number(Math.sqrt(2 / Math.PI))])]);
    return graph.emit('Mul', [graph.emit('Mul', [x, number(0.5)]), graph.emit('Add', [tanh, number(1)])]);
  }

  /** The output layer is the token embedding, transposed while multiplied, so that it is stored once. */
  private logits(hidden: string, rowsAndTokens: string): string {
    const { graph } = this;
    const { width, vocabularySize } = this.configuration;
    const flat = graph.emit('Reshape', [hidden, graph.constant('int64', [-1, width])]);
    const product = graph.emit('Gemm', [flat, 'wte.weight'], { transB: 1 });
    const shape = graph.emit('Concat', [rowsAndTokens, graph.constant('int64', [vocabularySize])], {
      axis: 0,
    });
    return graph.emit('Reshape', [product, shape]);
  }
}

/**
 * The ONNX graph of a GPT-2 for generation, its weights left out (they go by their names in
 * `parameterSpecifications`). Inputs: `input_ids`, `position_ids` int64 [B,T], `attention_mask` int64 [B,K],
 * `past_key_values.l.key` and `.value` float32 [B,H,K−T,D]. Outputs: `logits` float32 [B,T,V],
 * `present.l.key` and `.value` [B,H,K,D].
 */
export function gpt2OnnxGraph(configuration: TransformerConfiguration): ModelProto['graph'] {
  return new Gpt2OnnxGraph(configuration).build();
}
