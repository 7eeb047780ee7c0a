import type { WorkContext } from '../../common/progress.js';
import { RestrictedVocabulary } from '../../model/tokenizer/restricted.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { nanoConfiguration, type TransformerConfiguration } from '../../model/transformer/configuration.js';
import type { WeightSource } from '../../model/transformer/weight-source.js';
import { openModel } from '../../model/weights/resolve-model.js';
import type { Decision } from '../run/manifest.js';

/** The model that training starts from. */
interface StartingModel {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  /** Undefined when training from scratch. */
  readonly pretrained: WeightSource | undefined;
}

/**
 * Opens the decided model: nano with the vocabulary of the titles, or a pretrained model with its own tokenizer, which is
 * downloaded now unless cached.
 * @param earlier folder of a checkpoint to start from instead, with its own tokenizer.
 * @throws InterruptedError when the signal is aborted; TitlesmithError when the model is unavailable, or its hash is not
 *   that of the decision.
 */
export async function openStartingModel(
  decision: Decision | undefined,
  titles: Iterable<string> | AsyncIterable<string>,
  context: WorkContext,
  earlier?: string,
): Promise<StartingModel> {
  if (earlier !== undefined) {
    const model = await openModel(earlier, context);
    return { ...model, pretrained: model.weights };
  }
  if (decision === undefined || decision.choice === 'nano') {
    const vocabulary = new RestrictedVocabulary();
    for await (const title of titles) vocabulary.add(title);
    const tokenizer = vocabulary.tokenizer();
    return { tokenizer, configuration: nanoConfiguration(tokenizer.vocabularySize), pretrained: undefined };
  }
  const model = await openModel(decision.choice, context, { hash: decision.hash });
  return { ...model, pretrained: model.weights };
}
