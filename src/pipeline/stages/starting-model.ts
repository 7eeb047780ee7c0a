import { usageError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { truncatedTokenizer } from '../../model/tokenizer/gpt2.js';
import { RestrictedVocabulary } from '../../model/tokenizer/restricted.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import {
  scratchConfiguration,
  type TransformerConfiguration,
} from '../../model/transformer/configuration.js';
import type { WeightSource } from '../../model/transformer/weight-source.js';
import { readConfiguration } from '../../model/weights/checkpoint.js';
import { openModel } from '../../model/weights/resolve-model.js';
import { scratchName } from '../../options/option-rules.js';
import { flagOf } from '../../options/option-values.js';
import type { Decision } from '../../run/manifest.js';
import { decideSizes, type GivenSizes } from '../../run/model-sizes.js';

/** The model that training starts from. */
interface StartingModel {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  /** Undefined when training from scratch. */
  readonly pretrained: WeightSource | undefined;
}

/**
 * Opens the decided model: one from scratch, with the vocabulary of the titles or the first of GPT-2's tokens; or a
 * pretrained model with its own tokenizer, which is downloaded now unless cached.
 * @param options with the sizes of a model from scratch.
 * @param earlier folder of a checkpoint to start from instead, with its own tokenizer.
 * @throws InterruptedError when the signal is aborted; TitlesmithError when the model is unavailable, its hash is not that of
 *   the decision, or the checkpoint is not of the sizes that are given.
 */
export async function openStartingModel(
  decision: Decision | undefined,
  titles: Iterable<string> | AsyncIterable<string>,
  options: GivenSizes,
  context: WorkContext,
  earlier?: string,
): Promise<StartingModel> {
  const { choice, hash } = decision ?? { choice: 'nano' };
  if (earlier !== undefined) {
    if (choice === scratchName) checkSizesOf(await readConfiguration(earlier), options);
    const model = await openModel(earlier, context);
    return { ...model, pretrained: model.weights };
  }
  const sizes = decideSizes(choice, options);
  if (sizes) {
    const { vocabularySize } = sizes;
    const tokenizer =
      vocabularySize === 'titles' ? await tokenizerOf(titles) : truncatedTokenizer(vocabularySize);
    const configuration = scratchConfiguration(sizes, tokenizer.vocabularySize);
    return { tokenizer, configuration, pretrained: undefined };
  }
  const model = await openModel(choice, context, { hash });
  return { ...model, pretrained: model.weights };
}

async function tokenizerOf(titles: Iterable<string> | AsyncIterable<string>): Promise<Tokenizer> {
  const vocabulary = new RestrictedVocabulary();
  for await (const title of titles) vocabulary.add(title);
  return vocabulary.tokenizer();
}

/** @throws TitlesmithError `usage` when the last checkpoint of a run has another size than the one given. */
function checkSizesOf(checkpoint: TransformerConfiguration, { vocabularySize, ...sizes }: GivenSizes): void {
  const given = { ...sizes, vocabularySize: vocabularySize === 'titles' ? undefined : vocabularySize };
  for (const name of ['width', 'layers', 'heads', 'contextLength', 'vocabularySize'] as const) {
    if (given[name] === undefined || given[name] === checkpoint[name]) continue;
    const found = `but the last checkpoint of this run has ${checkpoint[name]}`;
    throw usageError(
      `${flagOf(name)} is ${given[name]}, ${found}.`,
      `Leave ${flagOf('restoreFrom')} out to train a model of the new size.`,
    );
  }
}
