import type { RotaryPositions, TransformerConfiguration } from './configuration.js';

/** What the one loop over the layers (transformer.ts) is made of, for a model of a configuration. */
interface Architecture {
  /** Layer normalization with a bias, or RMS normalization without. */
  readonly norm: 'layer' | 'rms';
  /** Turns queries and keys by their positions; undefined: positions have embeddings, which are added to the tokens'. */
  readonly rotary: RotaryPositions | undefined;
  /** G */
  readonly keyValueHeads: number;
  /** D */
  readonly headWidth: number;
  /** Channels of the feed-forward network between its two matrices. */
  readonly innerWidth: number;
  /** Of the feed-forward network: GELU; or SiLU of one half of the first product, times the other half. */
  readonly activation: 'gelu' | 'gatedSilu';
  readonly biases: boolean;
  /** Whether the output layer is the token embedding. */
  readonly tiedOutput: boolean;
}

/**
 * The architecture of a configuration: GPT-2's (Radford et al. 2019, section 2.3), or Llama's (Touvron et al., "LLaMA: Open
 * and Efficient Foundation Language Models", 2023, section 2.2; Grattafiori et al., "The Llama 3 Herd of Models", 2024,
 * section 3.2, for heads in groups).
 */
export function architectureOf({ width, heads, llama }: TransformerConfiguration): Architecture {
  if (llama) return { ...llama, norm: 'rms', activation: 'gatedSilu', biases: false };
  return {
    norm: 'layer',
    rotary: undefined,
    keyValueHeads: heads,
    headWidth: width / heads,
    innerWidth: 4 * width,
    activation: 'gelu',
    biases: true,
    tiedOutput: true,
  };
}

/** The parameter [V,C] that hidden states are multiplied with for logits. */
export function outputLayerName(configuration: TransformerConfiguration): string {
  return architectureOf(configuration).tiedOutput ? 'wte.weight' : 'lm_head.weight';
}

/** Channels of the queries, keys and values of a token, side by side: H·D, G·D and G·D. */
export function projectionWidths(
  configuration: TransformerConfiguration,
): [queries: number, keys: number, values: number] {
  const { headWidth, keyValueHeads } = architectureOf(configuration);
  const keys = keyValueHeads * headWidth;
  return [configuration.heads * headWidth, keys, keys];
}
