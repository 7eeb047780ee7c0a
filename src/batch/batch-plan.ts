import { optionNames, type RunOptions, rowOf, stagesOf } from '../options/option-table.js';
import { defaultOptions } from '../options/options.js';
import { decideSource } from '../pipeline/decide/source.js';
import { hashValue } from '../pipeline/run/fingerprint.js';
import type { BatchFile } from './batch-file.js';
import { resolveRun } from './batch-file.js';
import { expectedMemory, isTooLarge } from './expected-memory.js';
import { itemsOfShard, type Shard } from './shard.js';

/** One run of a batch, its months resolved. */
export interface PlannedRun {
  readonly name: string;
  readonly subreddit: string | undefined;
  /** Only what the batch file gives. */
  readonly given: Partial<RunOptions>;
  /** The decided source. */
  readonly source: string;
  /** Bytes that it is expected to take at its peak. */
  readonly memory: number;
  /** Known to be more than there is, whatever else is at work: it will be refused. */
  readonly isTooLarge: boolean;
}

/** Runs that ask the same source for the same months, so that one pass, or one job of BigQuery, serves them all. */
export interface SharedQuestion {
  readonly runs: readonly PlannedRun[];
}

export interface BatchPlan {
  readonly runs: readonly PlannedRun[];
  /** Identifies what is asked. */
  readonly hash: string;
}

/** Plans the runs of a shard. @param now when the batch starts, for relative months. */
export async function planBatch(file: BatchFile, shard: Shard | undefined, now: Date): Promise<BatchPlan> {
  const runs: PlannedRun[] = [];
  for (const run of itemsOfShard(file.runs, shard)) {
    const given = resolveRun(run, now);
    const options = { ...defaultOptions(), ...given };
    const source = decideSource(options).choice;
    const memory = await expectedMemory(options, source);
    const subreddit = given.subreddit?.[0];
    runs.push({ name: run.name, subreddit, given, source, memory, isTooLarge: isTooLarge(options) });
  }
  return { runs, hash: hashValue(runs.map(({ name, given }) => ({ name, given }))) };
}

/** Options that make up what a source is asked. */
const questionNames = optionNames.filter(
  (name) => rowOf(name).group === 'Titles' && !stagesOf(name).includes('dataset') && name !== 'subreddit',
);

/** The options of a run that its question to the source depends on. */
export function questionOf(given: Partial<RunOptions>): Partial<RunOptions> {
  return Object.fromEntries(questionNames.map((name) => [name, given[name]])) as Partial<RunOptions>;
}

/**
 * The questions that several runs share; nothing is asked for those that will be refused. Titles from a file of their own or
 * from the bundled sample cost nothing to read once more.
 */
export function sharedQuestions(runs: readonly PlannedRun[]): readonly SharedQuestion[] {
  const groups = new Map<string, PlannedRun[]>();
  for (const run of runs) {
    const isDear = run.source === 'bigquery' || run.source === 'duckdb';
    // A run under another name than its subreddit's cannot be asked for beside others.
    if (!isDear || run.name !== run.subreddit || run.isTooLarge) continue;
    const question = hashValue({ source: run.source, ...questionOf(run.given) });
    groups.set(question, [...(groups.get(question) ?? []), run]);
  }
  return [...groups.values()].filter((group) => group.length > 1).map((group) => ({ runs: group }));
}
