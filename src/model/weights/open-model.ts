import { TitlesmithError } from '../../common/errors.js';
import { withRows } from '../tokenizer/padded-tokenizer.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { WeightSource } from '../transformer/weight-source.js';

/** A model with open files; the caller closes its weights. */
export interface OpenModel {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  readonly weights: WeightSource;
  /**
   * Where it is a model that writes for a community: what is added, for that, to the logit of each token, [V]. Read while the
   * weights are open.
   */
  readonly addedLogits?: () => Promise<Float32Array>;
}

/** A folder that holds a model in a known format. */
export interface ModelFolder {
  readonly path: string;
  /** The format, for messages. */
  readonly format: string;
  /** The names of the model's files, for its hash. */
  files(): Promise<readonly string[]>;
  open(): Promise<OpenModel>;
}

/**
 * A model's configuration, and its tokenizer with as many ids: rows of a padded token embedding that no token has are kept,
 * as ids without a text.
 * @throws TitlesmithError when the tokenizer has more tokens than the model.
 */
export function withVocabularyOf(
  tokenizer: Tokenizer,
  stored: TransformerConfiguration,
  path: string,
): Pick<OpenModel, 'configuration' | 'tokenizer'> {
  const { vocabularySize } = tokenizer;
  if (vocabularySize <= stored.vocabularySize)
    return { configuration: stored, tokenizer: withRows(tokenizer, stored.vocabularySize) };
  throw new TitlesmithError(
    `${path}: the tokenizer has ${vocabularySize} tokens, the model only ${stored.vocabularySize}.`,
    { code: 'model-tokenizer', hint: 'Put the tokenizer files that belong to the model there.' },
  );
}

/** The error for a damaged checkpoint file. @param what names the tensor and the fault. */
export function damagedCheckpoint(path: string, what: string): TitlesmithError {
  return new TitlesmithError(`${path}: ${what}.`, {
    code: 'checkpoint-damaged',
    hint: 'The file is damaged or belongs to another model; take another checkpoint or train again.',
  });
}
