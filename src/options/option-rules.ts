import { usageError } from '../common/errors.js';
import { type OptionName, optionNames, type RunOptions, rowOf } from './option-table.js';
import { flagOf } from './option-values.js';

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

/**
 * Checks the conflicts and implications stated in the option table.
 * @throws TitlesmithError `usage` naming the flags.
 */
export function checkCombinations(options: RunOptions): void {
  for (const name of optionNames) {
    if (!isGiven(options[name])) continue;
    const { conflicts = [], implies = [] } = rowOf(name);
    const rival = conflicts.find((other) => isGiven(options[other as OptionName]));
    if (rival !== undefined) {
      const flags = `${flagOf(name)} and ${flagOf(rival)}`;
      throw usageError(`${flags} are given, but only one of them can be.`, 'Leave one out.');
    }
    if (!implies.every((other) => isGiven(options[other as OptionName])))
      throw usageError(`${flagOf(name)} needs ${implies.map(flagOf).join(' and ')}.`);
  }
}

/**
 * Checks every rule between the options of a run.
 * @throws TitlesmithError `usage` naming the flags that contradict each other.
 */
export function checkOptionsTogether(options: RunOptions): void {
  const { from, to, source, input, subreddit } = options;
  if (from !== undefined && to !== undefined && from > to)
    throw usageError(`--from ${from} lies after --to ${to}.`, 'Swap them.');
  const bySubreddit = options.condition.includes('subreddit');
  if (bySubreddit && subreddit.length === 0) {
    throw usageError(
      '--condition subreddit needs titles whose subreddit is known.',
      'Name them with --subreddit.',
    );
  }
  if (options.runName !== undefined && subreddit.length > 1 && !bySubreddit) {
    throw usageError(
      `--run-name names one run, but --subreddit names ${subreddit.length}.`,
      'Leave --run-name out: each run is named after its subreddit.',
    );
  }
  checkCombinations(options);
  if ((source === 'duckdb' || source === 'csv') && input.length === 0)
    throw usageError(`--source ${source} needs --input PATH.`);
  if ((source === 'sample' || source === 'bigquery') && input.length > 0)
    throw usageError(`--source ${source} reads no files, but --input names ${JSON.stringify(input[0])}.`);
  if (subreddit.length === 0 && source !== 'csv' && !(source === 'auto' && input.length > 0))
    throw usageError('--subreddit is missing.', 'Name at least one, for example --subreddit askreddit.');
  if ((from !== undefined || to !== undefined) && source === 'csv')
    throw usageError('--from and --to need posts with dates, but --source csv reads titles alone.');
}
