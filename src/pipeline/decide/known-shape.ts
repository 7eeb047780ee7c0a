import {
  scratchConfiguration,
  type TransformerConfiguration,
} from '../../model/transformer/configuration.js';
import { publishedShape } from '../../model/weights/model-name.js';
import { decideSizes, type GivenSizes } from '../../run/model-sizes.js';

/** Fewest tokens of a vocabulary: the single bytes and the end token. */
const smallestVocabulary = 257;

/**
 * The shape of a model as far as its name and options tell, without network access or reading its files.
 * @param vocabulary tokens of a vocabulary that the titles decide. Default: as few as it can have.
 * @throws TitlesmithError when it is not the name of a model.
 */
export function knownShape(
  model: string,
  options: GivenSizes,
  vocabulary: number = smallestVocabulary,
): TransformerConfiguration | undefined {
  if (model === 'auto') return undefined;
  const sizes = decideSizes(model, options);
  return sizes ? scratchConfiguration(sizes, vocabulary) : publishedShape(model);
}
