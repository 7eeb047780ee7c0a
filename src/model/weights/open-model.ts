import { TitlesmithError } from '../../common/errors.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { WeightSource } from '../transformer/weight-source.js';

/** A model whose files are open; the caller closes its weights. */
export interface OpenModel {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  readonly weights: WeightSource;
}

/** A folder that holds a model, in a form that can be read. */
export interface ModelFolder {
  readonly path: string;
  /** For people: `Hugging Face`. */
  readonly format: string;
  /** The files that make the model, for its hash. */
  files(): Promise<readonly string[]>;
  open(): Promise<OpenModel>;
}

/**
 * A model whose token embedding was enlarged has rows no token uses (padding to a round number, an added
 * padding token): they are left out, as they can never be learned from titles.
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

/** A checkpoint file that cannot be what it should be. `what` names the tensor. */
export function damagedCheckpoint(path: string, what: string): TitlesmithError {
  return new TitlesmithError(`${path}: ${what}.`, {
    code: 'checkpoint-damaged',
    hint: 'The file is damaged or belongs to another model; take another checkpoint or train again.',
  });
}
