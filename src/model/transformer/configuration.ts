import { checkArgument } from '../../options/call-arguments.js';
import type { DecidedValuesOf } from '../../options/option-row.js';
import { decideValues } from '../../options/option-values.js';
import { sizeOptions } from '../../options/table/model.js';

/** How rotary positions are stretched over a longer context than the model was first trained with. */
export type RotaryScaling =
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      /** Turns within the original context, below which a frequency is divided by the factor, and above which it is kept. */
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContextLength: number;
    };

/** Positions that turn queries and keys; see `rotaryFrequencies`. */
export interface RotaryPositions {
  readonly base: number;
  readonly scaling?: RotaryScaling | undefined;
}

/** What a Llama has that a GPT-2 does not choose. */
export interface LlamaShape {
  /** G: heads of keys and values; divides H. */
  readonly keyValueHeads: number;
  /** D: channels of a head, an even number. */
  readonly headWidth: number;
  /** Channels of the gated network in each block. */
  readonly innerWidth: number;
  readonly rotary: RotaryPositions;
  /** Whether the output layer is the token embedding. */
  readonly tiedOutput: boolean;
}

/** Shape of a GPT-2 or a Llama (see `architectureOf`), and what its weights began as. */
export interface TransformerConfiguration {
  /** V */
  readonly vocabularySize: number;
  /** Longest text in tokens. */
  readonly contextLength: number;
  /** C */
  readonly width: number;
  /** L */
  readonly layers: number;
  /** H; divides the width of a GPT-2. */
  readonly heads: number;
  /** Added to the variance, or to the mean of squares, in norms. */
  readonly layerNormEpsilon: number;
  /** Undefined: a GPT-2. */
  readonly llama?: LlamaShape | undefined;
  /** `base`: the model that ships with titlesmith. Undefined for any other beginning, or where that is not known. */
  readonly descendsFrom?: 'base' | undefined;
}

/**
 * The model `nano`, trained from scratch: small enough to train in minutes on a laptop.
 */
export function nanoConfiguration(vocabularySize: number): TransformerConfiguration {
  const size = { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 } as const;
  checkArgument('nanoConfiguration', 'vocabularySize', vocabularySize, size);
  return scratchConfiguration(decideValues(sizeOptions, 'scratch', {}), vocabularySize);
}

/**
 * The shape of a model of given sizes.
 * @param titlesVocabulary size of the vocabulary where the titles decide it.
 */
export function scratchConfiguration(
  { width, layers, heads, contextLength, vocabularySize }: DecidedValuesOf<typeof sizeOptions>,
  titlesVocabulary: number,
): TransformerConfiguration {
  return {
    vocabularySize: vocabularySize === 'titles' ? titlesVocabulary : vocabularySize,
    contextLength,
    width,
    layers,
    heads,
    layerNormEpsilon: 1e-5,
  };
}
