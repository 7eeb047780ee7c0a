import { TitlesmithError } from '../../common/errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { WeightSource } from '../transformer/weight-source.js';

/** A model with open files; the caller closes its weights. */
export interface OpenModel {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  readonly weights: WeightSource;
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
 * The configuration with the tokenizer's vocabulary size. A padded token embedding has rows that no token uses; they
 * are dropped.
 * @throws TitlesmithError when the tokenizer has more tokens than the model.
 */
export function withVocabularyOf(
  tokenizer: Tokenizer,
  stored: TransformerConfiguration,
  path: string,
): TransformerConfiguration {
  const { vocabularySize } = tokenizer;
  if (vocabularySize <= stored.vocabularySize) return { ...stored, vocabularySize };
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
