import { usageError } from '../common/errors.js';
import type { ValueRule } from '../options/option-row.js';
import type { BatchSettings } from '../options/option-table.js';
import { readOption } from '../options/option-values.js';
import { batchSettings } from '../options/table/batch.js';

/** The part of a batch that one machine runs. */
export interface Shard {
  readonly index: number;
  readonly count: number;
  /** The option or variable that set the index. */
  readonly reason: string;
}

const { shardIndex: indexRow, shardCount: countRow } = batchSettings;

type Environment = Readonly<Record<string, string | undefined>>;

function read(environment: Environment, name: string, row: ValueRule): number | undefined {
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  return readOption(name, row, text) as number;
}

/**
 * The shard of this machine: from the settings, else from the environment variables of Cloud Run (CLOUD_RUN_TASK_INDEX and
 * CLOUD_RUN_TASK_COUNT) or Kubernetes (JOB_COMPLETION_INDEX, with --shard-count).
 * @returns undefined if the batch is not sharded.
 * @throws TitlesmithError `usage` when only one of the two numbers is known, or the index is out of range.
 */
export function findShard(
  { shardIndex, shardCount }: Pick<BatchSettings, 'shardIndex' | 'shardCount'>,
  environment: Environment,
): Shard | undefined {
  const indices = [
    { from: '--shard-index', value: shardIndex },
    { from: 'CLOUD_RUN_TASK_INDEX', value: read(environment, 'CLOUD_RUN_TASK_INDEX', indexRow) },
    { from: 'JOB_COMPLETION_INDEX', value: read(environment, 'JOB_COMPLETION_INDEX', indexRow) },
  ];
  const counts = [
    { from: '--shard-count', value: shardCount },
    { from: 'CLOUD_RUN_TASK_COUNT', value: read(environment, 'CLOUD_RUN_TASK_COUNT', countRow) },
  ];
  const index = indices.find(({ value }) => value !== undefined);
  const count = counts.find(({ value }) => value !== undefined);
  if (!index && !count) return undefined;
  if (count?.value === undefined) {
    throw usageError(
      `${index?.from} says this is machine ${index?.value}, but not of how many.`,
      'Give the number with --shard-count.',
    );
  }
  if (index?.value === undefined) {
    throw usageError(
      `${count.from} says ${count.value} machines share the batch, but not which this is.`,
      'Give its number with --shard-index.',
    );
  }
  if (count.value < 1 || index.value >= count.value) {
    throw usageError(`${index.from} is ${index.value}, but the ${count.value} shards count from 0.`);
  }
  return { index: index.value, count: count.value, reason: index.from };
}

/** The items of a shard: every `count`-th, so that neighbours in a list go to different shards. */
export function itemsOfShard<Item>(items: readonly Item[], shard: Shard | undefined): readonly Item[] {
  if (!shard) return items;
  return items.filter((_, position) => position % shard.count === shard.index);
}
