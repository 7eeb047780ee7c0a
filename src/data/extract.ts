import { InterruptedError, TitlesmithError } from '../common/errors.js';
import type { WorkContext } from '../common/progress.js';
import { type AtomicFile, writeAtomically } from '../io/atomic-file.js';
import { formatCsvRecord } from '../io/csv.js';
import {
  type ArgumentRules,
  checkArguments,
  completeContext,
  hasKeys,
  hasMethod,
  isFunction,
  isText,
  required,
} from '../options/call-arguments.js';
import { cleanTitles, type DropReason } from './cleaning/clean-titles.js';
import type { SourceRow, TitleQuery, TitleSource } from './sources/title-source.js';

/** What is extracted, and where it goes. */
interface ExtractOptions {
  readonly source: TitleSource;
  readonly query: TitleQuery;
  /** titles.csv: one column `title`, RFC 4180. */
  readonly titlesPath: string;
  /** dropped.csv: the raw title and the reason it was thrown away for. */
  readonly droppedPath: string;
  /** Shortest title kept, in Unicode characters after cleaning. */
  readonly minLength: number;
  /** Most titles kept in all; no bound where left out. */
  readonly limit?: number;
  /** Whether titles.csv has a second column `subreddit`, in lower case. */
  readonly withSubreddit?: boolean;
  /** Called once the source has given its first row, before anything is written. */
  readonly onFirstRow?: () => Promise<void>;
}

interface ExtractedTitles {
  /** Titles the source gave. */
  readonly extracted: number;
  readonly kept: number;
  /** Only reasons that occurred, in the order of their names. */
  readonly droppedByReason: Readonly<Record<string, number>>;
  /** Titles that each rule of cleaning changed, kept or not; only rules that did, in the order of their names. */
  readonly changedByRule: Readonly<Record<string, number>>;
}

const extractArguments: ArgumentRules = {
  source: required(hasMethod('rows', 'source, as openSource opens one')),
  query: hasKeys('query', 'subreddits', 'limit', 'minLength'),
  titlesPath: isText,
  droppedPath: isText,
  minLength: { type: 'integer', minimum: 0, maximum: 1_000_000 },
  limit: { type: 'number', minimum: 1, maximum: Number.POSITIVE_INFINITY },
  withSubreddit: { type: 'boolean' },
  onFirstRow: isFunction,
};

/** Titles between two progress events. */
const reportEvery = 1000;

/**
 * Source → cleaning → titles.csv and dropped.csv, streaming; both files appear only when both are complete. Nothing is
 * written before the source has given a row.
 * @throws TitlesmithError when the source fails, a file cannot be written, or no title is left;
 * InterruptedError.
 */
export async function extractTitles(
  options: ExtractOptions,
  given: Partial<WorkContext> = {},
): Promise<ExtractedTitles> {
  const checked = checkArguments('extractTitles', options, extractArguments);
  const context = completeContext<WorkContext>('extractTitles', given);
  const { source, query, minLength, droppedPath, titlesPath } = checked;
  const rows = watched(source.rows(query, context), context);
  const first = await rows.next();
  if (first.done) throw nothingKept(source, 0, minLength, new Map());
  if (checked.withSubreddit && first.value.subreddit === undefined) throw unknownSubreddits(source);
  await checked.onFirstRow?.();
  return writeAtomically([droppedPath, titlesPath], ([dropped, titles]) =>
    writeTitles(checked, startingWith(first.value, rows), titles, dropped),
  );
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

async function writeTitles(
  { source, minLength, limit = Number.POSITIVE_INFINITY, withSubreddit = false }: ExtractOptions,
  rows: AsyncIterable<SourceRow>,
  titles: AtomicFile,
  dropped: AtomicFile,
): Promise<ExtractedTitles> {
  const drops = new Map<DropReason, number>();
  const changes = new Map<string, number>();
  const onChange = (ruleNames: ReadonlySet<string>): void => {
    for (const name of ruleNames) changes.set(name, (changes.get(name) ?? 0) + 1);
  };
  let extracted = 0;
  let kept = 0;
  await titles.write(withSubreddit ? formatCsvRecord(['title', 'subreddit']) : formatCsvRecord(['title']));
  await dropped.write(formatCsvRecord(['title', 'reason']));
  for await (const row of cleanTitles(rows, { minLength, onChange })) {
    extracted += 1;
    if ('reason' in row) {
      drops.set(row.reason, (drops.get(row.reason) ?? 0) + 1);
      await dropped.write(formatCsvRecord([row.raw, row.reason]));
    } else {
      kept += 1;
      const { title, subreddit } = row;
      if (withSubreddit && subreddit === undefined) throw unknownSubreddits(source);
      await titles.write(
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
