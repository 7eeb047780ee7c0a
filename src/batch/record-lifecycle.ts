import { basename } from 'node:path';
import { packageVersion } from '../common/package-facts.js';
import type { BatchRecord, BatchRunRecord, RunFigures } from '../report/batch/batch-record.js';
import type { BatchPlan } from './batch-plan.js';
import type { BatchOutcome } from './batch-result.js';
import type { Shard } from './shard.js';

/** The figures of an earlier batch by run, for comparison; null if there are none. */
export function figuresOf(record: BatchRecord | undefined): BatchRecord['previous'] {
  if (!record) return null;
  const finished = record.runs.filter(({ figures }) => figures?.accepted != null);
  // A batch without results is nothing to compare with: keep the one before it.
  if (finished.length === 0) return record.previous;
  const figures = Object.fromEntries(finished.map(({ name, figures: own }) => [name, own as RunFigures]));
  return { startedAt: record.startedAt, figures };
}

/** The record of a new batch. @param earlier the record that it replaces. */
export function beginRecord(
  file: string,
  { runs, hash }: BatchPlan,
  shard: Shard | undefined,
  now: Date,
  earlier: BatchRecord | undefined,
): BatchRecord {
  return {
    format: 1,
    titlesmithVersion: packageVersion,
    file: basename(file),
    plan: hash,
    shard: shard ? { index: shard.index, count: shard.count } : null,
    startedAt: now.toISOString(),
    finishedAt: null,
    seconds: 0,
    runs: runs.map(({ name, subreddit }): BatchRunRecord => {
      const none = { error: null, figures: null, report: null };
      return { name, subreddit: subreddit ?? null, status: 'waiting', attempts: 0, seconds: 0, ...none };
    }),
    previous: figuresOf(earlier),
  };
}

/** The record of a resumed batch: finished runs stay finished, failed ones are retried. */
export function resumeRecord(record: BatchRecord): BatchRecord {
  const runs = record.runs.map((run): BatchRunRecord => {
    const isDone = run.status === 'done' || run.status === 'overfit';
    return isDone ? run : { ...run, status: 'waiting', error: null };
  });
  return { ...record, runs };
}

const count = ({ runs }: BatchRecord, ...statuses: readonly BatchRunRecord['status'][]): number =>
  runs.filter(({ status }) => statuses.includes(status)).length;

/** Whether no run is waiting, running or interrupted. */
function isComplete(record: BatchRecord): boolean {
  return count(record, 'waiting', 'running', 'interrupted') === 0;
}

/** The record of a batch that has ended. An incomplete one stays open, so that it can be resumed. */
export function finishRecord(record: BatchRecord, now: Date): BatchRecord {
  return isComplete(record) ? { ...record, finishedAt: now.toISOString() } : record;
}

/** The outcome of a batch, from its runs. */
export function outcomeOf(record: BatchRecord): BatchOutcome {
  if (!isComplete(record)) return 'interrupted';
  if (count(record, 'failed') > 0) return 'failed';
  return count(record, 'overfit') > 0 ? 'overfit' : 'done';
}

/** Names shown of each outcome. */
const maxNames = 20;

/** A batch in one line. */
export function summarize(record: BatchRecord): string {
  const named = (status: BatchRunRecord['status'], words: string): string[] => {
    const names = record.runs.filter((run) => run.status === status).map(({ name }) => name);
    const more = names.length > maxNames ? `, and ${names.length - maxNames} more` : '';
    return names.length === 0 ? [] : [`${words}: ${names.slice(0, maxNames).join(', ')}${more}`];
  };
  const done = count(record, 'done', 'overfit');
  return [
    `${done} of ${record.runs.length} runs done`,
    ...named('failed', 'failed'),
    ...named('overfit', 'refused for its verdict'),
    ...named('interrupted', 'stopped'),
  ].join('; ');
}
