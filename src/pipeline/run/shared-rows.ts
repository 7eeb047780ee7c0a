import { existsSync } from 'node:fs';
import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, InterruptedError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { MissingSubredditsError } from '../../data/sources/missing-subreddits.js';
import type { TitleQuery, TitleSource } from '../../data/sources/title-source.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { makeTemporaryFolder } from '../../io/folders.js';
import { formatRow, rangesToFetch, readRows } from './fetched-months.js';
import type { RunPlan } from './run-plan.js';

/**
 * An extraction shared by several runs of one call. Plain data, so that it can be passed to a stage's thread; it names a
 * folder and no subreddits, as it is passed to as many threads as there are runs.
 */
export interface SharedRows {
  /** Holds the rows from the first run's extraction to the last's. */
  readonly folder: string;
}

/** Bytes of rows kept in memory before they are appended to their files: many files, none of them held open. */
const pendingBytes = 2 ** 25;

/** The months of a query, as part of a file name. */
export function monthsKey({ from, to }: Pick<TitleQuery, 'from' | 'to'>): string {
  return `${from ?? ''}_${to ?? ''}`;
}

/**
 * Prepares a shared extraction in a temporary folder, which {@link removeSharedRows} removes.
 * @throws TitlesmithError when a run's list of months is damaged, or the folder cannot be made.
 */
export async function openSharedRows(plans: readonly RunPlan[]): Promise<SharedRows> {
  const groups = await groupSubredditsByMonths(plans);
  return prepareSharedRows(await makeTemporaryFolder('rows'), groups);
}

/** Prepares a shared extraction in a folder. @param groups subreddits that need the same months, by {@link monthsKey}. */
export async function prepareSharedRows(
  folder: string,
  groups: ReadonlyMap<string, readonly string[]>,
): Promise<SharedRows> {
  for (const [months, names] of groups) {
    const lowered = names.map((name) => name.toLowerCase());
    await writeFileAtomic(namesPath({ folder }, months), JSON.stringify(lowered));
  }
  return { folder };
}

/** Removes the folder of a shared extraction. */
export async function removeSharedRows({ folder }: SharedRows): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Groups subreddits by the months they need; with --add-months, those not fetched yet. */
async function groupSubredditsByMonths(plans: readonly RunPlan[]): Promise<ReadonlyMap<string, string[]>> {
  const groups = new Map<string, string[]>();
  for (const { folder, options } of plans) {
    const { from, to, addMonths, overwrite, subreddit } = options;
    const isAdding = addMonths && from !== undefined && to !== undefined && !overwrite;
    const ranges = isAdding ? await rangesToFetch(folder, { from, to }) : [{ from, to }];
    for (const range of ranges) {
      const group = groups.get(monthsKey(range));
      if (group) group.push(...subreddit);
      else groups.set(monthsKey(range), [...subreddit]);
    }
  }
  return groups;
}

/** The error of a subreddit without titles. */
interface Missing {
  readonly message: string;
  readonly code: string;
  readonly hint?: string | undefined;
}

const namesPath = ({ folder }: SharedRows, months: string): string => join(folder, `names-${months}.json`);
/** Written last: the rows of all subreddits are there. */
const completePath = ({ folder }: SharedRows, months: string): string => join(folder, `complete-${months}`);
const rowsPath = ({ folder }: SharedRows, months: string, name: string): string =>
  join(folder, `r-${months}-${name}.ndjson`);
const missingPath = ({ folder }: SharedRows, months: string, name: string): string =>
  join(folder, `missing-${months}-${name}.json`);

/** The text of a file of this room; undefined if it is not there. */
async function readOwn(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
}

/**
 * Rows of many subreddits on their way to a file each. No file is flushed to the disk, as the folder ends with the call.
 */
class RowFiles {
  private readonly pending = new Map<string, string[]>();
  private bytes = 0;
  private readonly begun = new Set<string>();

  constructor(
    private readonly pathOf: (name: string) => string,
    private readonly signal: WorkContext['signal'],
  ) {}

  async add(name: string, line: string): Promise<void> {
    const lines = this.pending.get(name);
    if (lines) lines.push(line);
    else this.pending.set(name, [line]);
    this.bytes += line.length;
    if (this.bytes >= pendingBytes) await this.flush();
  }

  /** Appends what is pending; replaces what an attempt that failed has left. */
  async flush(): Promise<void> {
    for (const [name, lines] of this.pending) {
      if (this.signal.aborted) throw new InterruptedError();
      const path = this.pathOf(name);
      try {
        await appendFile(path, lines.join(''), { flag: this.begun.has(name) ? 'a' : 'w' });
      } catch (error) {
        throw fileError('write', path, error);
      }
      this.begun.add(name);
    }
    this.pending.clear();
    this.bytes = 0;
  }

  /** Writes a file without rows for each of the names that has none, except for some. */
  async writeEmpty(names: readonly string[], except: ReadonlySet<string>): Promise<void> {
    for (const name of names) {
      if (!this.begun.has(name) && !except.has(name)) this.pending.set(name, []);
    }
    await this.flush();
  }
}

/** Queries the source once for all runs, unless that was done. @param query with the subreddits of all. */
async function fetchOnce(
  source: TitleSource,
  shared: SharedRows,
  query: TitleQuery,
  context: WorkContext,
): Promise<void> {
  const months = monthsKey(query);
  const names = new Set(query.subreddits);
  const { signal } = context;
  const files = new RowFiles((name) => rowsPath(shared, months, name), signal);
  const missing = new RowFiles((name) => missingPath(shared, months, name), signal);
  let without: readonly string[] = [];
  try {
    for await (const row of source.rows(query, context)) {
      const name = (row.subreddit ?? '').toLowerCase();
      if (names.has(name)) await files.add(name, formatRow(row));
    }
  } catch (error) {
    if (!(error instanceof MissingSubredditsError)) throw error;
    without = [...error.byName.keys()];
    for (const [name, { message, code, hint }] of error.byName)
      await missing.add(name, JSON.stringify({ message, code, hint } satisfies Missing));
  }
  await missing.flush();
  await files.flush();
  await files.writeEmpty(query.subreddits, new Set(without));
  await writeFileAtomic(completePath(shared, months), '');
}

/** The names of the subreddits that share the extraction of some months. */
async function namesOf(shared: SharedRows, months: string): Promise<readonly string[]> {
  return JSON.parse((await readOwn(namesPath(shared, months))) ?? '[]') as string[];
}

/**
 * Wraps a source for several runs of one call: the first run fetches the titles of all, in one pass or one job; the others
 * read theirs from files, so that what a run costs does not grow with their number.
 */
export function sharedSource(source: TitleSource, shared: SharedRows): TitleSource {
  return {
    ...source,
    async *rows(query, context) {
      const months = monthsKey(query);
      const wanted = query.subreddits.map((name) => name.toLowerCase());
      if ((await readOwn(completePath(shared, months))) === undefined) {
        const names = await namesOf(shared, months);
        const known = new Set(names);
        if (wanted.every((name) => known.has(name)))
          await fetchOnce(source, shared, { ...query, subreddits: names }, context);
      }
      const found: string[] = [];
      for (const name of wanted) {
        const missing = await readOwn(missingPath(shared, months, name));
        if (missing !== undefined) {
          const { message, code, hint } = JSON.parse(missing) as Missing;
          throw new TitlesmithError(message, { code, ...(hint ? { hint } : {}) });
        }
        const path = rowsPath(shared, months, name);
        if (existsSync(path)) found.push(path);
      }
      if (found.length < wanted.length) yield* source.rows(query, context);
      else for (const path of found) yield* readRows(path);
    },
  };
}
