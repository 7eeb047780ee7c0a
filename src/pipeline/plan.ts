import { basename } from 'node:path';
import { usageError } from '../common/errors.js';
import { checkOptionsTogether } from '../options/option-rules.js';
import type { RunOptions } from '../options/option-table.js';
import { defaultOptions } from '../options/options.js';

/** One run of a call: a subreddit, or the files named. */
export interface RunPlan {
  readonly name: string;
  readonly options: RunOptions;
}

/** `../data/My titles.csv` → `my-titles`. */
function nameAfterFile(path: string): string {
  const name = basename(path)
    .replace(/(\.(csv|txt|tsv|ndjson|jsonl?|parquet|gz|zst))+$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (name === '')
    throw usageError(`No run name can be made of ${JSON.stringify(path)}.`, 'Give one with --run-name.');
  return name.slice(0, 100);
}

/**
 * The runs a call asks for: one a subreddit, or one for files without subreddits.
 * @param given the options given; others take their default.
 * @throws TitlesmithError (exit code 2) when options contradict each other.
 */
export function planRuns(given: Partial<RunOptions>): readonly RunPlan[] {
  const options: RunOptions = { ...defaultOptions(), ...given };
  checkOptionsTogether(options);
  const subreddits = [...new Set(options.subreddit)];
  const [firstInput] = options.input;
  if (subreddits.length === 0 && firstInput !== undefined) {
    return [{ name: options.runName ?? nameAfterFile(firstInput), options }];
  }
  if (options.condition.includes('subreddit')) {
    const name = options.runName ?? subreddits.join('-').slice(0, 100);
    return [{ name, options: { ...options, subreddit: subreddits } }];
  }
  return subreddits.map((subreddit) => ({
    name: options.runName ?? subreddit,
    options: { ...options, subreddit: [subreddit] },
  }));
}
