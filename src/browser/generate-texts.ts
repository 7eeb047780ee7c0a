import { usageError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import type { Engine } from '../model/engine/engine.js';
import {
  type GenerationOptions,
  needsNovelty,
  ranksByCommunity,
} from '../model/generation/generation-options.js';
import { generateTexts } from '../model/generation/generation-request.js';
import type { GeneratedText } from '../model/generation/sequence.js';
import { openGenerationSession } from '../model/weights/generation-session.js';
import type { OpenModel } from '../model/weights/open-model.js';
import { completeContext } from '../options/call-arguments.js';
import type { RunOptions } from '../options/option-table.js';
import { describeChoice, inOrder } from '../run/generated-texts.js';
import { prepareGeneration } from '../run/prepared-generation.js';
import { runOptionsOf } from './run/browser-options.js';

/** Texts that are asked of a model. */
interface TextRequest {
  readonly engine: Engine;
  readonly model: OpenModel;
  readonly options: RunOptions;
  /** As in `GenerationOptions`: where the texts are counted from, those that are there, and what they are compared with. */
  readonly beside?: Pick<GenerationOptions, 'firstIndex' | 'finished' | 'mayStand' | 'noveltyOf'>;
}

/**
 * Generates texts of a model, each as soon as it is finished.
 * @throws TitlesmithError when an option is wrong; InterruptedError.
 */
export async function* textsOfModel(
  { engine, model, options, beside = {} }: TextRequest,
  context: WorkContext,
): AsyncGenerator<GeneratedText> {
  const { options: prepared, prompts, capacity, texts } = prepareGeneration(options, model);
  const addedLogits = ranksByCommunity(options) ? await model.addedLogits?.() : undefined;
  const choice = describeChoice(options, addedLogits !== undefined);
  if (choice !== undefined) context.onProgress({ kind: 'note', message: choice });
  const { slots, precision, bestOf } = options;
  const sizes = { engine, slots, texts: texts * bestOf, capacity, precision };
  const { session, tokenizer } = await openGenerationSession(model, sizes);
  try {
    yield* generateTexts(session, tokenizer, { ...prepared, ...beside, addedLogits }, context, prompts);
  } finally {
    await session.dispose();
  }
}

/**
 * Generates with any model, such as the base model before any training, outside of a run. Yields texts in order of their index.
 * @param options of generation, by their names in code; those left out by default.
 * @throws TitlesmithError when an option is wrong, `novel` or a `rank` by novelty among them, as there are no titles to compare
 *   with; InterruptedError.
 */
export async function* generateFrom(
  { engine, model }: { readonly engine: Engine; readonly model: OpenModel },
  options: Partial<RunOptions> = {},
  given: Partial<WorkContext> = {},
): AsyncGenerator<GeneratedText> {
  const context = completeContext<WorkContext>('generateFrom', given);
  const checked = runOptionsOf('generateFrom', options);
  checkStandsAlone(checked);
  yield* inOrder(textsOfModel({ engine, model, options: checked }, context));
}

/** @throws TitlesmithError `usage` where texts are to be compared with the titles of a run. */
function checkStandsAlone(options: RunOptions): void {
  const asked = options.novel ? '--novel' : needsNovelty(options) ? `--rank ${options.rank}` : undefined;
  if (asked === undefined) return;
  throw usageError(
    `${asked} compares with the titles of a run, and this model is one without any.`,
    'Generate in a run, or leave it out.',
  );
}
