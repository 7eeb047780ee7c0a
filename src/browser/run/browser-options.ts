import { usageError } from '../../common/errors.js';
import { type ArgumentRules, checkArguments, withoutUndefined } from '../../options/call-arguments.js';
import { checkOptionsTogether } from '../../options/option-rules.js';
import type { RunOptions } from '../../options/option-table.js';
import { defaultOptions } from '../../options/option-values.js';
import { generationOptions, samplingOptions } from '../../options/table/generation.js';
import { reviewOptions, runOptions } from '../../options/table/run.js';
import { titleOptions } from '../../options/table/titles.js';
import { trainingOptions, trainingSessionOptions } from '../../options/table/training.js';

const { column, header, quotes, subreddit, limit, minLength, validationShare } = titleOptions;
const { mixedPrecision, frozenPrecision, ...ofTraining } = trainingOptions;
const { sampleEvery, sampleNum, sampleLength, stopWhen } = trainingSessionOptions;
const { prefixFile, promptSubreddit, guidanceScale, precision, ...ofGeneration } = generationOptions;

/**
 * The options that a browser takes. Prompts by subreddit, canaries, paraphrases, files of prefixes and precisions
 * other than float32 are for
 * the command line.
 */
const browserOptions: ArgumentRules = {
  column,
  header,
  quotes,
  subreddit,
  limit,
  minLength,
  validationShare,
  ...ofTraining,
  sampleEvery,
  sampleNum,
  sampleLength,
  stopWhen,
  ...ofGeneration,
  ...samplingOptions,
  similarityThreshold: reviewOptions.similarityThreshold,
  keepBaseCopies: reviewOptions.keepBaseCopies,
  seed: runOptions.seed,
};

/**
 * The options of a run, those left out by default.
 * @param callee for messages. @param recorded of the run so far; undefined: none.
 * @throws TitlesmithError `usage` when one is wrong, contradicts another, or is none that a browser takes.
 */
export function runOptionsOf(
  callee: string,
  given: Partial<RunOptions>,
  recorded: RunOptions = defaultOptions(),
): RunOptions {
  const checked = withoutUndefined(checkArguments(callee, given, browserOptions));
  const options = { ...recorded, ...checked };
  // Where titles come from is no option here.
  checkOptionsTogether({ ...options, input: ['titles'], source: 'csv' });
  return options;
}

/** @throws TitlesmithError where all titles that a model was trained on had prompts, so that it says little without one. */
export function checkWritesAlone(name: string, { condition, conditionShare = 1 }: RunOptions): void {
  if (condition.length === 0 || conditionShare < 1) return;
  throw usageError(
    `The model of ${name} writes what a prompt asks for (--condition ${condition.join(' ')}), and a browser gives it none.`,
    'Write more titles with titlesmith generate.',
  );
}
