import { usageError } from '../common/errors.js';
import { type OptionName, optionNames, type RunOptions, rowOf } from './option-table.js';
import { decideValues, flagOf } from './option-values.js';
import { lowestTemperature } from './table/generation.js';
import { sizeOptions } from './table/model.js';

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

/** Whether several draws of a text differ. */
export function drawsDiffer(options: Pick<RunOptions, 'temperature' | 'topK' | 'minP'>): boolean {
  return whatFixesDraws(options) === undefined;
}

/** The option that makes every draw of a text the same; undefined if none does. */
function whatFixesDraws({
  temperature,
  topK,
  minP,
}: Pick<RunOptions, 'temperature' | 'topK' | 'minP'>): string | undefined {
  if (temperature < lowestTemperature) return `--temperature ${temperature}`;
  if (topK === 1) return '--top-k 1';
  return minP === 1 ? '--min-p 1' : undefined;
}

/** @throws TitlesmithError `usage` where a title is drawn several times and every draw would be the same. */
export function checkDraws(options: RunOptions): void {
  const fixed = whatFixesDraws(options);
  const { novel, bestOf, rank } = options;
  if (bestOf === 1 && rank !== undefined) {
    throw usageError(
      `--rank ${rank} chooses among the candidates for a title, but --best-of is 1.`,
      'Give --best-of 2 or more, or leave --rank out.',
    );
  }
  if (fixed === undefined) return;
  const hint = fixed.startsWith('--temperature') ? 'Raise the temperature' : `Leave ${fixed} out`;
  if (novel)
    throw usageError(
      `--novel draws titles again, but at ${fixed} each draw is the same.`,
      `${hint}, or leave --novel out.`,
    );
  if (bestOf > 1)
    throw usageError(
      `--best-of ${bestOf} chooses among candidates, but at ${fixed} all are the same.`,
      `${hint}, or leave --best-of out.`,
    );
}

/** Whether training starts from the checkpoint in a folder. */
export function namesCheckpoint(restoreFrom: string | undefined): restoreFrom is string {
  return restoreFrom !== undefined && restoreFrom !== 'latest' && restoreFrom !== 'fresh';
}

/** The model whose sizes are given: `--model scratch`. */
export const scratchName = 'scratch';

/**
 * Checks the sizes of a model from scratch.
 * @throws TitlesmithError `usage` when a size is given for a model that has its own, or the heads do not divide the width.
 */
export function checkModelSizes(
  options: Pick<RunOptions, 'model' | keyof typeof sizeOptions> & Partial<Pick<RunOptions, 'restoreFrom'>>,
): void {
  const { model, restoreFrom } = options;
  const sizes = Object.keys(sizeOptions) as (keyof typeof sizeOptions)[];
  const given = sizes.find((name) => options[name] !== undefined);
  if (given !== undefined && namesCheckpoint(restoreFrom)) {
    throw usageError(
      `${flagOf(given)} is a size of a model from scratch, but --restore-from ${restoreFrom} names one that has its own.`,
      'Leave one out.',
    );
  }
  if (model !== scratchName) {
    if (given === undefined) return;
    throw usageError(
      `${flagOf(given)} is a size of --model ${scratchName}, but --model is ${model}.`,
      `Give --model ${scratchName}, or leave ${flagOf(given)} out.`,
    );
  }
  const { width, heads } = decideValues(sizeOptions, 'scratch', options);
  if (width % heads === 0) return;
  const byDefault = (name: 'width' | 'heads'): string =>
    options[name] === undefined ? ' (the default)' : '';
  const above = heads * Math.ceil(width / heads);
  throw usageError(
    `--width ${width}${byDefault('width')} is not a multiple of --heads ${heads}${byDefault('heads')}.`,
    `Each head takes an equal share of the width: give --heads ${dividingHeads(width, heads)}, or --width ${above}.`,
  );
}

/** The number of heads nearest to the one given that divides the width. */
function dividingHeads(width: number, heads: number): number {
  let distance = 1;
  while (width % (heads - distance) !== 0 && width % (heads + distance) !== 0) distance += 1;
  return width % (heads - distance) === 0 ? heads - distance : heads + distance;
}

/**
 * Checks that what is to end a training can.
 * @throws TitlesmithError `usage` where samples are to end it and none are taken, or a patience is given that would not count.
 */
function checkStopRule({ stopWhen, sampleEvery, patience }: RunOptions): void {
  if (stopWhen === undefined || stopWhen === 'loss') return;
  if (sampleEvery === 0) {
    throw usageError(
      `--stop-when ${stopWhen} looks for copies among samples, but --sample-every 0 takes none.`,
      'Give --sample-every a number of steps, or --stop-when loss.',
    );
  }
  if (stopWhen === 'copies' && patience !== undefined) {
    throw usageError(
      `--stop-when copies does not stop for the held-out loss, but --patience ${patience} says when to.`,
      'Give --stop-when both, or leave --patience out.',
    );
  }
}

/**
 * Checks every rule between the options of a run.
 * @throws TitlesmithError `usage` naming the flags that contradict each other.
 */
export function checkOptionsTogether(options: RunOptions): void {
  const { from, to, source, input, subreddit, keepOut } = options;
  if (from !== undefined && to !== undefined && from > to)
    throw usageError(`--from ${from} lies after --to ${to}.`, 'Swap them.');
  const bySubreddit = options.condition.includes('subreddit');
  if (bySubreddit && subreddit.length === 0) {
    throw usageError(
      '--condition subreddit needs titles whose subreddit is known.',
      'Name them with --subreddit.',
    );
  }
  if (keepOut.length > 0 && subreddit.length === 0) {
    throw usageError(
      '--keep-out leaves names out of --subreddit, which is not given.',
      'Name the subreddits to learn from with --subreddit or --subreddit-file.',
    );
  }
  if (subreddit.length > 0 && subreddit.every((name) => keepOut.includes(name)))
    throw usageError('--keep-out names all of --subreddit.', 'Leave one to learn from.');
  if (options.runName !== undefined && subreddit.length > 1 && !bySubreddit) {
    throw usageError(
      `--run-name names one run, but ${subreddit.length} subreddits are named.`,
      'Leave --run-name out: each run is named after its subreddit.',
    );
  }
  if (options.guidanceScale !== undefined) {
    throw usageError(
      '--guidance-scale is of the base model as it writes for a community, and a run has a model of its own.',
      'Leave it out, or ask titlesmith generate base --subreddit NAME.',
    );
  }
  checkDraws(options);
  checkCombinations(options);
  checkModelSizes(options);
  checkStopRule(options);
  if ((source === 'duckdb' || source === 'csv') && input.length === 0)
    throw usageError(`--source ${source} needs --input PATH.`);
  if ((source === 'sample' || source === 'bigquery') && input.length > 0)
    throw usageError(`--source ${source} reads no files, but --input names ${JSON.stringify(input[0])}.`);
  if (subreddit.length === 0 && source !== 'csv' && !(source === 'auto' && input.length > 0))
    throw usageError(
      '--input or --subreddit is missing.',
      'Name a file of titles, for example --input titles.csv, or --subreddit askreddit; or, with --run-name alone, a run that is there.',
    );
  if ((from !== undefined || to !== undefined) && source === 'csv')
    throw usageError('--from and --to need posts with dates, but --source csv reads titles alone.');
}
