import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemErrorCode, TitlesmithError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { MissingSubredditsError } from '../../data/sources/missing-subreddits.js';
import type { TitleQuery, TitleSource } from '../../data/sources/title-source.js';
import { writeAtomically, writeFileAtomic } from '../../io/atomic-file.js';
import { formatRow, rangesToFetch, readRows } from './fetched-months.js';
import type { RunPlan } from './run-plan.js';

/** An extraction shared by several runs of one call. Plain data, so that it can be passed to a stage's thread. */
export interface SharedRows {
  /** Holds the rows from the first run's extraction to the last's. */
  readonly folder: string;
  /** Subreddits that need the same months, in lower case, by {@link monthsKey}. */
  readonly subredditsByMonths: Readonly<Record<string, readonly string[]>>;
}

/** The months of a query, as part of a file name. */
export function monthsKey({ from, to }: Pick<TitleQuery, 'from' | 'to'>): string {
  return `${from ?? ''}_${to ?? ''}`;
}

/**
 * Prepares a shared extraction in a temporary folder, which {@link removeSharedRows} removes.
 * @throws TitlesmithError when a run's list of months is damaged.
 */
export async function openSharedRows(plans: readonly RunPlan[]): Promise<SharedRows> {
  const subredditsByMonths = await groupSubredditsByMonths(plans);
  return {
    folder: await mkdtemp(join(tmpdir(), 'titlesmith-rows-')),
    subredditsByMonths: subredditsByMonths,
  };
}

/** Removes the folder of a shared extraction. */
export async function removeSharedRows({ folder }: SharedRows): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Groups subreddits by the months they need; with --add-months, those not fetched yet. */
async function groupSubredditsByMonths(plans: readonly RunPlan[]): Promise<SharedRows['subredditsByMonths']> {
  const groups: Record<string, string[]> = {};
  for (const { folder, options } of plans) {
    const { from, to, addMonths, overwrite, subreddit } = options;
    const isAdding = addMonths && from !== undefined && to !== undefined && !overwrite;
    const ranges = isAdding ? await rangesToFetch(folder, { from, to }) : [{ from, to }];
    for (const range of ranges)
      groups[monthsKey(range)] = [...(groups[monthsKey(range)] ?? []), ...subreddit];
  }
  return groups;
}

/** Errors of subreddits without titles, by name. */
type MissingSubreddits = Readonly<
  Record<string, { message: string; code: string; hint?: string | undefined }>
>;

const indexPath = ({ folder }: SharedRows, query: TitleQuery): string =>
  join(folder, `missing-${monthsKey(query)}.json`);
const rowsPath = ({ folder }: SharedRows, query: TitleQuery, name: string): string =>
  join(folder, `r-${monthsKey(query)}-${name}.ndjson`);

async function readMissing(shared: SharedRows, query: TitleQuery): Promise<MissingSubreddits | undefined> {
  try {
    return JSON.parse(await readFile(indexPath(shared, query), 'utf8')) as MissingSubreddits;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Queries the source once for all runs. @param query with the subreddits of all. @returns those without titles. */
async function fetchOnce(
  source: TitleSource,
  shared: SharedRows,
  query: TitleQuery,
  context: WorkContext,
): Promise<MissingSubreddits> {
  const names = query.subreddits;
  const paths = names.map((name) => rowsPath(shared, query, name));
  const missing = await writeAtomically(paths, async (files) => {
    const fileOf = new Map(files.map((file, index) => [names[index], file]));
    try {
      for await (const row of source.rows(query, context)) {
        await fileOf.get((row.subreddit ?? '').toLowerCase())?.write(formatRow(row));
      }
      return {};
    } catch (error) {
      if (!(error instanceof MissingSubredditsError)) throw error;
      const errors = [...error.byName];
      return Object.fromEntries(
        errors.map(([name, { message, code, hint }]) => [name, { message, code, hint }]),
      );
    }
  });
  await writeFileAtomic(indexPath(shared, query), JSON.stringify(missing));
  return missing;
}

/**
 * Wraps a source for several runs of one call: the first run fetches the titles of all, in one pass or one job; the others
 * read theirs from files.
 */
export function sharedSource(source: TitleSource, shared: SharedRows): TitleSource {
  return {
    ...source,
    async *rows(query, context) {
      const names = shared.subredditsByMonths[monthsKey(query)] ?? [];
      const isShared = query.subreddits.every((name) => names.includes(name.toLowerCase()));
      if (!isShared) {
        yield* source.rows(query, context);
        return;
      }
      const combinedQuery = { ...query, subreddits: names };
      const missing =
        (await readMissing(shared, query)) ?? (await fetchOnce(source, shared, combinedQuery, context));
      for (const name of query.subreddits) {
        const found = missing[name.toLowerCase()];
        if (found) {
          const { message, code, hint } = found;
          throw new TitlesmithError(message, { code, ...(hint ? { hint } : {}) });
        }
        yield* readRows(rowsPath(shared, query, name.toLowerCase()));
      }
    },
  };
}
