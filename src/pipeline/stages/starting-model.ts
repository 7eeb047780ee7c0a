import type { WorkContext } from '../../common/progress.js';
import { RestrictedVocabulary } from '../../model/tokenizer/restricted.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { nanoConfiguration, type TransformerConfiguration } from '../../model/transformer/configuration.js';
import type { WeightSource } from '../../model/transformer/weight-source.js';
import { openModel } from '../../model/weights/resolve-model.js';
import type { Decision } from '../run/manifest.js';

/** What training starts from. */
interface StartingModel {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  /** Undefined for a model from scratch. */
  readonly pretrained: WeightSource | undefined;
}

/**
 * The model that was decided: nano over the vocabulary of the titles, or a pretrained one with its own
 * tokenizer, which is downloaded now where it is not cached.
 * @param earlier folder of a checkpoint to begin with instead, with its own tokenizer.
 * @throws InterruptedError when the context asks to stop; TitlesmithError when the model cannot be had, or is
 *   another than was decided on.
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
