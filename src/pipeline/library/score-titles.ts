import { usageError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import type { Engine } from '../../model/engine/engine.js';
import { createOnnxRuntimeEngine } from '../../model/engine/onnxruntime/cpu-engine.js';
import {
  type ArgumentRules,
  checkArgument,
  checkArguments,
  completeContext,
  hasMethod,
  isContext,
  isText,
  isTexts,
  required,
} from '../../options/call-arguments.js';
import type { RunOptions } from '../../options/option-table.js';
import { generationOptions } from '../../options/table/generation.js';
import { ScoringModel } from '../scoring-model.js';
import { ScoreCounter, type TitleScore, type TotalScore } from '../title-scores.js';

export interface ScoreTitlesOptions {
  /** Default: ONNX Runtime on the CPU. */
  readonly engine?: Engine;
  /** Default: `float32`. */
  readonly precision?: RunOptions['precision'];
  /** Whose titles they are, for a model that is prompted by name, or the base model, which knows communities. */
  readonly subreddit?: string;
  readonly context?: Partial<WorkContext>;
}

/** The scores of titles, in their order, and of all together. */
export interface ScoredTitleList {
  readonly scores: readonly TitleScore[];
  readonly total: TotalScore;
}

const scoreArguments: ArgumentRules = {
  engine: hasMethod('compile', 'engine, as createOnnxRuntimeEngine makes one'),
  precision: generationOptions.precision,
  subreddit: generationOptions.promptSubreddit,
  context: isContext,
};

/**
 * How well a model predicts titles: the negative log-likelihood of each title's tokens and of the end token after them, given
 * the start token, and of all titles in bits a byte of UTF-8.
 * @param model as for `loadModel`.
 * @param titles scored as they stand, none of them empty. For a model that is prompted, what stands up to the last tab is read
 *   before a title and not scored, as in a run's dataset.
 * @throws TitlesmithError `usage` before any work when an argument is wrong, or a title is empty or has more tokens than the
 *   model reads; when the model is unavailable; InterruptedError when the signal is aborted.
 */
export async function scoreTitles(
  model: string,
  titles: readonly string[],
  options: ScoreTitlesOptions = {},
): Promise<ScoredTitleList> {
  checkArgument('scoreTitles', 'model', model, isText);
  checkArgument('scoreTitles', 'titles', titles, required(isTexts));
  const checked = checkArguments('scoreTitles', options, scoreArguments);
  const { engine = createOnnxRuntimeEngine(), precision = 'float32', subreddit, context: given } = checked;
  const context = completeContext<WorkContext>('scoreTitles', given);
  if (titles.length === 0) throw usageError('scoreTitles needs at least one title.');
  const opened = await ScoringModel.open(model, subreddit?.toLowerCase(), context);
  try {
    const prompted = titles.map((text) => opened.split(text));
    const texts = prompted.map((title, index) => {
      if (title.title === '') throw usageError(`scoreTitles: title ${index + 1} is empty.`);
      const tokens = opened.encode(title);
      if (tokens !== undefined) return tokens;
      const most = `${opened.mostTokens} tokens that the model reads`;
      throw usageError(`scoreTitles: title ${index + 1} has more than the ${most}.`, 'Leave it out.');
    });
    const longest = Math.max(...texts.map(({ length }) => length));
    const scorer = await opened.load(engine, precision, longest);
    try {
      const losses = await scorer.score(texts, context);
      const counter = new ScoreCounter();
      const scores = prompted.map((title, index) => counter.add(index + 1, title, losses[index]!));
      return { scores, total: counter.total() };
    } finally {
      await scorer.dispose();
    }
  } finally {
    await opened.close();
  }
}
