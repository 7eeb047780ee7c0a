import { InterruptedError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { yieldToEventLoop } from '../common/yield-to-event-loop.js';
import { provideRuntime } from '../model/engine/onnxruntime/fetch-runtime.js';
import { optionNames, type RunOptions, rowOf, stagesOf } from '../options/option-table.js';
import { defaultOptions } from '../options/option-values.js';
import { trains } from '../pipeline/decide/decisions.js';
import { decideSource } from '../pipeline/decide/source.js';
import { hashValue } from '../run/hash-value.js';
import type { BatchFile } from './batch-file.js';
import { resolveRun } from './batch-file.js';
import { expectedMemory, isTooLarge } from './expected-memory.js';
import { itemsOfShard, type Shard } from './shard.js';

/** One run of a batch, with its months resolved. */
export interface PlannedRun {
  readonly name: string;
  readonly subreddit: string | undefined;
  /** Options given in the batch file. */
  readonly options: Partial<RunOptions>;
  /** The decided source. */
  readonly source: string;
  /** Expected peak memory in bytes. */
  readonly memory: number;
  /** The model is known not to fit this machine at all: the run will be refused. */
  readonly isTooLarge: boolean;
}

/** Runs whose query differs in the subreddit alone, so that one pass over the source, or one BigQuery job, serves them all. */
export interface SharedQuery {
  readonly runs: readonly PlannedRun[];
}

export interface BatchPlan {
  readonly runs: readonly PlannedRun[];
  /** Identifies the runs and their options: SHA-256, lower-case hexadecimal. */
  readonly hash: string;
}

type Estimate = Pick<PlannedRun, 'source' | 'memory' | 'isTooLarge'>;

async function estimateRun(given: Partial<RunOptions>, context: WorkContext): Promise<Estimate> {
  const options = { ...defaultOptions(), ...given };
  // Once, and shown: the processes of several runs would fetch it side by side.
  if (options.engine === 'onnxruntime' && trains(options.until)) await provideRuntime(context);
  const { choice: source } = await decideSource(options);
  return { source, memory: await expectedMemory(options, source), isTooLarge: isTooLarge(options) };
}

/** Runs planned before signals are heard again: some milliseconds of work. */
const runsBetweenPauses = 100;

/**
 * Plans the runs of a shard, and fetches ONNX Runtime where one of them needs it and it is not here.
 * @param now when the batch starts, for relative months.
 * @throws InterruptedError when stopped; TitlesmithError `runtime-missing` when ONNX Runtime cannot be had.
 */
export async function planBatch(
  file: BatchFile,
  shard: Shard | undefined,
  now: Date,
  context: WorkContext,
): Promise<BatchPlan> {
  const runs: PlannedRun[] = [];
  // Most runs of a long list differ in their subreddit alone, which nothing here depends on.
  const estimates = new Map<string, Estimate>();
  for (const [index, run] of itemsOfShard(file.runs, shard).entries()) {
    if (index % runsBetweenPauses === 0) await yieldToEventLoop();
    if (context.signal.aborted) throw new InterruptedError();
    const options = resolveRun(run, now);
    const { subreddit, ...others } = options;
    const key = JSON.stringify(others);
    const estimate = estimates.get(key) ?? (await estimateRun(options, context));
    estimates.set(key, estimate);
    runs.push({ name: run.name, subreddit: subreddit?.[0], options, ...estimate });
  }
  // `given` is the name that recorded hashes were computed with.
  return { runs, hash: hashValue(runs.map(({ name, options }) => ({ name, given: options }))) };
}

/** Options that make up a source's query. */
const queryOptionNames = optionNames.filter(
  (name) => rowOf(name).group === 'Titles' && !stagesOf(name).includes('dataset') && name !== 'subreddit',
);

/** The options of a run that its query depends on. */
export function queryOptionsOf(options: Partial<RunOptions>): Partial<RunOptions> {
  return Object.fromEntries(queryOptionNames.map((name) => [name, options[name]])) as Partial<RunOptions>;
}

/**
 * The queries that several runs share. Runs that will be refused are left out, and so are titles from a file or from the
 * bundled sample, which are cheap to read again.
 */
export function sharedQueries(runs: readonly PlannedRun[]): readonly SharedQuery[] {
  const groups = new Map<string, PlannedRun[]>();
  for (const run of runs) {
    const isCostly = run.source === 'bigquery' || run.source === 'duckdb';
    // Runs of a shared extraction are named after their subreddits.
    if (!isCostly || run.name !== run.subreddit || run.isTooLarge) continue;
    const query = hashValue({ source: run.source, ...queryOptionsOf(run.options) });
    const group = groups.get(query);
    if (group) group.push(run);
    else groups.set(query, [run]);
  }
  return [...groups.values()].filter((group) => group.length > 1).map((group) => ({ runs: group }));
}
