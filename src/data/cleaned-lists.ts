import { InterruptedError, TitlesmithError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { formatCsvRecord } from '../io/csv.js';
import { cleanTitles, type DropReason } from './cleaning/clean-titles.js';
import type { SourceRow, TitleQuery, TitleSource } from './sources/title-source.js';

/** Which titles are kept. */
export interface CleaningRules {
  /** Shortest title kept, in Unicode characters after cleaning. */
  readonly minLength: number;
  /** Most titles kept in all; no bound where left out. */
  readonly limit?: number;
  /** Whether titles.csv has a second column `subreddit`, in lower case. */
  readonly withSubreddit?: boolean;
}

/** What became of the titles of a source. */
export interface ExtractedTitles {
  /** Titles the source gave. */
  readonly extracted: number;
  readonly kept: number;
  /** Only reasons that occurred, in the order of their names. */
  readonly droppedByReason: Readonly<Record<string, number>>;
  /** Titles that each rule of cleaning changed, kept or not; only rules that did, in the order of their names. */
  readonly changedByRule: Readonly<Record<string, number>>;
}

/** Take the records of titles.csv and dropped.csv, line breaks included. */
interface CleanedLists {
  readonly titles: (record: string) => Promise<void>;
  readonly dropped: (record: string) => Promise<void>;
}

/** A source that has given its first row. */
interface OpenCleaning {
  /** Writes all of it. @throws TitlesmithError when the source fails or no title is left; InterruptedError. */
  write(lists: CleanedLists): Promise<ExtractedTitles>;
}

/** Titles between two progress events. */
const reportEvery = 1000;

/**
 * Source → cleaning → the records of titles.csv and dropped.csv, streaming.
 * @throws TitlesmithError when the source fails, or has no row.
 */
export async function openCleaning(
  source: TitleSource,
  query: TitleQuery,
  rules: CleaningRules,
  context: WorkContext,
): Promise<OpenCleaning> {
  const rows = watched(source.rows(query, context), context);
  const first = await rows.next();
  if (first.done) throw nothingKept(source, 0, rules.minLength, new Map());
  if (rules.withSubreddit && first.value.subreddit === undefined) throw unknownSubreddits(source);
  return { write: (lists) => writeLists(source, rules, startingWith(first.value, rows), lists) };
}

async function* startingWith<Row>(first: Row, rest: AsyncGenerator<Row>): AsyncGenerator<Row> {
  try {
    yield first;
    yield* rest;
  } finally {
    // Where no further row is wanted, the source is told so.
    await rest.return(undefined);
  }
}

async function writeLists(
  source: TitleSource,
  { minLength, limit = Number.POSITIVE_INFINITY, withSubreddit = false }: CleaningRules,
  rows: AsyncIterable<SourceRow>,
  lists: CleanedLists,
): Promise<ExtractedTitles> {
  const drops = new Map<DropReason, number>();
  const changes = new Map<string, number>();
  const onChange = (ruleNames: ReadonlySet<string>): void => {
    for (const name of ruleNames) changes.set(name, (changes.get(name) ?? 0) + 1);
  };
  let extracted = 0;
  let kept = 0;
  await lists.titles(withSubreddit ? formatCsvRecord(['title', 'subreddit']) : formatCsvRecord(['title']));
  await lists.dropped(formatCsvRecord(['title', 'reason']));
  for await (const row of cleanTitles(rows, { minLength, onChange })) {
    extracted += 1;
    if ('reason' in row) {
      drops.set(row.reason, (drops.get(row.reason) ?? 0) + 1);
      await lists.dropped(formatCsvRecord([row.raw, row.reason]));
    } else {
      kept += 1;
      const { title, subreddit } = row;
      if (withSubreddit && subreddit === undefined) throw unknownSubreddits(source);
      await lists.titles(
        withSubreddit ? formatCsvRecord([title, (subreddit ?? '').toLowerCase()]) : formatCsvRecord([title]),
      );
      if (kept >= limit) break;
    }
  }
  if (kept === 0) throw nothingKept(source, extracted, minLength, drops);
  return { extracted, kept, droppedByReason: byName(drops), changedByRule: byName(changes) };
}

/** Titles cannot be conditioned by what is not known of them. */
function unknownSubreddits(source: TitleSource): TitlesmithError {
  return new TitlesmithError(`The subreddit of a title is not known in ${source.describe()}.`, {
    code: 'missing-columns',
    hint: 'A column `subreddit` says it; without one, leave --condition subreddit out.',
  });
}

function byName(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function* watched(rows: AsyncIterable<SourceRow>, context: WorkContext): AsyncGenerator<SourceRow> {
  let done = 0;
  for await (const row of rows) {
    if (done % reportEvery === 0) {
      if (context.signal.aborted) throw new InterruptedError();
      context.onProgress({ kind: 'progress', label: 'extract', done, unit: 'titles' });
    }
    done += 1;
    yield row;
  }
  context.onProgress({ kind: 'progress', label: 'extract', done, total: done, unit: 'titles' });
}

function nothingKept(
  source: TitleSource,
  extracted: number,
  minLength: number,
  drops: ReadonlyMap<DropReason, number>,
): TitlesmithError {
  const reasons = [...drops].map(([reason, count]) => `${count} ${reason}`).join(', ');
  const why = reasons === '' ? '' : ` (${reasons})`;
  const left = `No title of ${minLength} characters or more is left of ${extracted}${why}`;
  // A source may leave short titles out itself.
  const areShort = extracted === 0 || drops.has('too short');
  return new TitlesmithError(`${left} from ${source.describe()}.`, {
    code: 'no-titles',
    hint: areShort ? 'Name another source, or lower --min-length.' : 'Name another source.',
  });
}
