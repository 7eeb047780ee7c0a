import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode, TitlesmithError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import type { SourceRow, TitleQuery, TitleSource } from '../../data/sources/title-source.js';
import { writeAtomically, writeFileAtomic } from '../../io/atomic-file.js';
import { readLines } from '../../io/text-file.js';
import { runFiles } from '../../run/run-files.js';

/** A range of months, `YYYY-MM`, both ends included. */
interface MonthRange {
  readonly from: string;
  readonly to: string;
}

interface FetchedRange extends MonthRange {
  readonly rows: number;
  /** False if its last month was not over when it was fetched; it is then fetched again. */
  readonly complete: boolean;
}

/** Errors that are ignored for new months if earlier months have posts. */
const emptyCodes = new Set(['no-titles', 'unknown-subreddit']);

const fileOf = ({ from, to }: MonthRange): string => `${from}_${to}.ndjson`;
const indexOf = (folder: string): string => join(folder, runFiles.months, 'index.json');

/** `2019-12` and 1 → `2020-01`. */
function addMonths(month: string, more: number): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + more, 1)).toISOString().slice(0, 7);
}

/** The parts of `range` that no range of `kept` covers, in order. */
export function missingRanges(range: MonthRange, kept: readonly MonthRange[]): readonly MonthRange[] {
  const missing: MonthRange[] = [];
  for (let month = range.from; month <= range.to; month = addMonths(month, 1)) {
    if (kept.some(({ from, to }) => from <= month && month <= to)) continue;
    const last = missing.at(-1);
    if (last && addMonths(last.to, 1) === month) missing[missing.length - 1] = { from: last.from, to: month };
    else missing.push({ from: month, to: month });
  }
  return missing;
}

function isFetchedRange(value: unknown): value is FetchedRange {
  const { from, to, rows, complete } = (value ?? {}) as Partial<FetchedRange>;
  const isMonth = (text: unknown): boolean => typeof text === 'string' && /^\d{4}-\d{2}$/.test(text);
  return isMonth(from) && isMonth(to) && Number.isSafeInteger(rows) && typeof complete === 'boolean';
}

/** The ranges a run has fetched so far. @throws TitlesmithError when the list is damaged. */
async function readFetchedRanges(folder: string): Promise<readonly FetchedRange[]> {
  const path = indexOf(folder);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw fileError('read', path, error);
  }
  const hint = 'Start the run anew with --overwrite.';
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every(isFetchedRange)) return value;
  } catch {
    // Reported below, like JSON of the wrong form.
  }
  throw new TitlesmithError(`${path} is damaged: it is no list of months.`, { code: 'months-damaged', hint });
}

/** The months that a run still has to fetch. @throws TitlesmithError */
export async function rangesToFetch(folder: string, range: MonthRange): Promise<readonly MonthRange[]> {
  const kept = await readFetchedRanges(folder);
  return missingRanges(
    range,
    kept.filter(({ complete }) => complete),
  );
}

/** Fetches the posts of one range and stores them. */
async function fetchRange(
  source: TitleSource,
  folder: string,
  query: TitleQuery,
  range: MonthRange,
  hasOthers: boolean,
  context: WorkContext,
): Promise<FetchedRange> {
  const path = join(folder, runFiles.months, fileOf(range));
  const found = source.rows({ ...query, ...range }, context)[Symbol.asyncIterator]();
  // Asked for the first row before any file is made: a query that is refused leaves nothing behind.
  const first = await found.next().catch((error: unknown) => {
    const isEmpty = error instanceof TitlesmithError && emptyCodes.has(error.code);
    if (!isEmpty || !hasOthers) throw error;
    context.onProgress({ kind: 'warning', message: error.message });
    return { done: true } as const;
  });
  const rows = await writeAtomically([path], async ([file]) => {
    let count = 0;
    for (let next = first; !next.done; next = await found.next()) {
      count += 1;
      await file.write(formatRow(next.value));
    }
    return count;
  });
  const complete = range.to < new Date().toISOString().slice(0, 7);
  return { ...range, rows, complete };
}

/** A row as a line of NDJSON; read back by {@link readRows}. */
export function formatRow(row: SourceRow): string {
  return `${JSON.stringify(row)}\n`;
}

/** The rows of a file, in order. @throws TitlesmithError when it cannot be read. */
export async function* readRows(path: string): AsyncGenerator<SourceRow> {
  for await (const line of readLines(path)) yield JSON.parse(line) as SourceRow;
}

/** Merges streams sorted by descending score. Stable: of equal scores, the earlier stream comes first. */
async function* mergeByScore(streams: readonly AsyncGenerator<SourceRow>[]): AsyncGenerator<SourceRow> {
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  for (;;) {
    let best = -1;
    let highest = Number.NEGATIVE_INFINITY;
    for (const [index, head] of heads.entries()) {
      if (head.done) continue;
      const score = head.value.score ?? Number.MIN_SAFE_INTEGER;
      if (best < 0 || score > highest) [best, highest] = [index, score];
    }
    if (best < 0) return;
    yield heads[best]!.value;
    heads[best] = await streams[best]!.next();
  }
}

/**
 * Wraps a source so that it fetches only the months a run does not have yet, stores their posts in the run folder, and
 * yields the posts of all months fetched so far, the highest scores first.
 */
export function accumulatingSource(source: TitleSource, folder: string): TitleSource {
  return {
    ...source,
    async *rows(query, context) {
      const { from, to } = query;
      if (from === undefined || to === undefined) throw new Error('--add-months without months');
      let kept = (await readFetchedRanges(folder)).filter(({ complete }) => complete);
      for (const range of missingRanges({ from, to }, kept)) {
        const message = `asking for ${range.from === range.to ? range.from : `${range.from} to ${range.to}`}`;
        context.onProgress({ kind: 'note', message });
        const added = await fetchRange(source, folder, query, range, kept.length > 0, context);
        kept = [...kept, added].sort((a, b) => (a.from < b.from ? -1 : 1));
        await writeFileAtomic(indexOf(folder), `${JSON.stringify(kept, undefined, 2)}\n`);
      }
      yield* mergeByScore(kept.map((range) => readRows(join(folder, runFiles.months, fileOf(range)))));
    },
  };
}
