import { basename, join } from 'node:path';
import { folderNameFor } from '../../common/device-names.js';
import { usageError } from '../../common/errors.js';
import { checkArguments, withoutUndefined } from '../../options/call-arguments.js';
import { checkOptionsTogether } from '../../options/option-rules.js';
import { optionTable, type RunOptions } from '../../options/option-table.js';
import { defaultOptions } from '../../options/option-values.js';

/** One run of a call: for a subreddit, or for input files. */
export interface RunPlan {
  readonly name: string;
  /** Path of its folder. */
  readonly folder: string;
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

/** All runs of a call. */
interface CallPlan {
  /** With defaults filled in, for all runs together. */
  readonly options: RunOptions;
  readonly runs: readonly RunPlan[];
}

/**
 * The runs of a call: one per subreddit; one for files without subreddits; or one for all subreddits if the model is
 * conditioned on them.
 * @param overrides options that differ from their defaults.
 * @throws TitlesmithError `usage` when options are unknown, wrong, or contradict each other.
 */
export function planRuns(overrides: Partial<RunOptions>): CallPlan {
  const checked = withoutUndefined(checkArguments('runPipeline', overrides, optionTable));
  const requested: RunOptions = { ...defaultOptions(), ...checked };
  checkOptionsTogether(requested);
  const { keepOut } = requested;
  const subreddits = [...new Set(requested.subreddit)].filter((name) => !keepOut.includes(name));
  const options = { ...requested, subreddit: subreddits };
  const plan = (name: string, runOptions: RunOptions): RunPlan => {
    const chosen = requested.runName ?? folderNameFor(name);
    return { name: chosen, folder: join(requested.runsDir, chosen), options: runOptions };
  };
  const [firstInput] = requested.input;
  if (subreddits.length === 0 && firstInput !== undefined) {
    return { options, runs: [plan(requested.runName ?? nameAfterFile(firstInput), options)] };
  }
  if (requested.condition.includes('subreddit')) {
    return { options, runs: [plan(subreddits.join('-').slice(0, 100), options)] };
  }
  const runs = subreddits.map((subreddit) => plan(subreddit, { ...options, subreddit: [subreddit] }));
  return { options, runs };
}
