import type { DecidedValuesOf } from '../options/option-row.js';
import { scratchName } from '../options/option-rules.js';
import type { RunOptions } from '../options/option-table.js';
import { decideValues } from '../options/option-values.js';
import { sizeOptions } from '../options/table/model.js';

/** The options that size a model from scratch. */
export type GivenSizes = Partial<Pick<RunOptions, keyof typeof sizeOptions>>;

/**
 * The sizes of a model that training gives its first weights: as given for `scratch`, nano's own for `nano`; undefined for
 * one that has weights, or that is not chosen yet.
 */
export function decideSizes(
  model: string,
  options: GivenSizes,
): DecidedValuesOf<typeof sizeOptions> | undefined {
  if (model !== scratchName && model !== 'nano') return undefined;
  return decideValues(sizeOptions, 'scratch', model === scratchName ? options : {});
}

/** The sizes of a model from scratch in words. */
export function describeSizes(sizes: DecidedValuesOf<typeof sizeOptions>): string {
  const { width, layers, heads, contextLength, vocabularySize } = sizes;
  const blocks = `${layers} ${layers === 1 ? 'block' : 'blocks'}, ${width} wide, ${heads} ${heads === 1 ? 'head' : 'heads'}`;
  const vocabulary =
    vocabularySize === 'titles' ? 'the vocabulary of the titles' : `${vocabularySize} tokens`;
  return `${blocks}, context ${contextLength}, ${vocabulary}`;
}
