import { TitlesmithError, usageError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import type { TextRemark } from '../../io/text-encoding.js';
import { type CsvLayoutOptions, tabTable } from './csv-layout.js';
import { describeLayoutChange } from './decided-layout.js';
import { peek, type ReadingListener, titleFormat } from './file-reading.js';
import { jsonTitles } from './json-titles.js';
import { MissingSubredditsError, noTitles, unknownSubreddits } from './missing-subreddits.js';
import { csvTitles, textTitles, withTextsApart } from './title-files.js';
import {
  checkQuery,
  isLongEnough,
  type SourceRow,
  type TitleQuery,
  type TitleSource,
} from './title-source.js';

/** A file of titles, on a disk or dropped on a page. */
interface TitleTextFile {
  /** Its path or name, whose ending tells its format. */
  readonly path: string;
  /** What people know it by. */
  readonly name: string;
  /** Its text in chunks. @throws TitlesmithError when it cannot be read, or holds none. */
  text(onRemark?: TextRemark): AsyncGenerator<string>;
}

/** The files that a person names together. */
interface TitleTextFiles {
  readonly files: readonly TitleTextFile[];
  /** Their names as one line, without folders. */
  readonly inWords: string;
  /** Their names, sizes and hashes. @throws TitlesmithError */
  fingerprint(): Promise<string>;
}

/**
 * Files of titles as a source: CSV, `.txt` with a title a line or between start and end tokens, JSON. They know no score or
 * month, so the order of the files is the order of the rows. Where a file has a column `subreddit`, the subreddits of a query
 * choose among its rows.
 */
export function titleFilesSource(named: TitleTextFiles, options: CsvLayoutOptions): TitleSource {
  return {
    name: 'csv',
    describe: () => `files of titles: ${named.inWords}`,
    fingerprint: async () => {
      const changes: string[] = [];
      for (const file of named.files) changes.push(await describeLayoutChange(file, options));
      // Only what changes a result: an option that says what would be found anyway leaves no trace.
      const changed = changes.every((change) => change === '') ? '' : `\n${changes.join('\n')}`;
      return `csv  \n${await named.fingerprint()}${changed}`;
    },
    rows: (query, context) => rowsOfFiles(named, options, query, context),
  };
}

async function* rowsOfFiles(
  { files, inWords }: TitleTextFiles,
  options: CsvLayoutOptions,
  query: TitleQuery,
  context: WorkContext,
): AsyncGenerator<SourceRow> {
  checkQuery(query, 'csv');
  if (query.from !== undefined || query.to !== undefined) {
    throw usageError('--from and --to need posts with dates, but the csv source reads titles alone.');
  }
  const choice = new SubredditChoice(query);
  for (const file of files) {
    let titles = 0;
    for await (const row of titlesOfFile(file, options, context)) {
      titles += 1;
      if (choice.takes(row)) yield row;
      if (choice.isComplete()) {
        choice.report(inWords, context);
        return;
      }
    }
    if (titles === 0) {
      throw new TitlesmithError(`${file.name} holds no title.`, {
        code: 'no-titles',
        hint: 'Name a file with at least one title.',
      });
    }
  }
  choice.report(inWords, context);
  choice.checkFound(inWords);
}

/** The rows of a query: of each subreddit that was asked for up to the limit; where a file says none, up to it in all. */
class SubredditChoice {
  private readonly names: ReadonlySet<string>;
  /** Titles long enough that were taken, by subreddit in lower case; '' counts those of unknown subreddit. */
  private readonly taken = new Map<string, number>();
  /** Rows of each subreddit that was seen, by its name in lower case. */
  private readonly seen = new Map<string, number>();
  /** How many of the names have all the titles they may have. */
  private full = 0;

  constructor(private readonly query: TitleQuery) {
    this.names = new Set(query.subreddits.map((name) => name.toLowerCase()));
  }

  takes({ title, subreddit }: SourceRow): boolean {
    const name = subreddit?.toLowerCase();
    if (name !== undefined) this.seen.set(name, (this.seen.get(name) ?? 0) + 1);
    const isChosen = name !== undefined && this.names.size > 0;
    if (isChosen && !this.names.has(name)) return false;
    const key = isChosen ? name : '';
    const count = this.taken.get(key) ?? 0;
    if (count >= this.query.limit) return false;
    // Too short ones are passed on, so that cleaning counts them, but as in SQL they take no place of others.
    if (isLongEnough(title, this.query.minLength)) {
      this.taken.set(key, count + 1);
      if (count + 1 === this.query.limit) this.full += 1;
    }
    return true;
  }

  /** Whether no further row can be taken. */
  isComplete(): boolean {
    const isFull = (this.taken.get('') ?? 0) >= this.query.limit;
    return isFull || (this.names.size > 0 && this.full === this.names.size);
  }

  /** Says what could be taken for a choice by name but is none, and which rows name no subreddit. */
  report(where: string, { onProgress }: WorkContext): void {
    if (this.names.size === 0) return;
    const names = [...this.names].map((name) => `r/${name}`).join(', ');
    const nameless = this.seen.get('') ?? 0;
    if (this.seen.size === 0) {
      const message = `${where} has no column subreddit: all its titles are taken, none is chosen by ${names}`;
      onProgress({ kind: 'note', message });
    } else if (nameless > 0) {
      const rows =
        nameless === 1 ? '1 row that names no subreddit is' : `${nameless} rows that name no subreddit are`;
      onProgress({ kind: 'warning', message: `${where}: ${rows} left out` });
    }
  }

  /** @throws MissingSubredditsError when files that say subreddits have none of one that was asked for. */
  checkFound(where: string): void {
    if (this.seen.size === 0 || this.taken.has('')) return;
    const unknown = [...this.names].filter((name) => !this.seen.has(name));
    const missing = new Map(unknownSubreddits(unknown, where, this.seen));
    for (const name of this.names) {
      if (this.seen.has(name) && !this.taken.get(name)) missing.set(name, noTitles(name, where, this.query));
    }
    if (missing.size > 0) throw new MissingSubredditsError(missing);
  }
}

/** The rows of a text file: its lines, or those of a table with tabs between the values, which a note says. */
async function* linesOrTable(
  text: AsyncGenerator<string>,
  name: string,
  options: CsvLayoutOptions,
  listener: ReadingListener,
): AsyncGenerator<SourceRow> {
  const { beginning, whole } = await peek(text);
  const table = tabTable(beginning, options);
  if (!table) return yield* textTitles(whole, name, listener);
  listener.onNote(`${name}: its lines are the rows of a table with tabs between the values, and are read so`);
  yield* withTextsApart(csvTitles(whole, name, { ...options, ...table }, listener), name, listener);
}

function titlesOfFile(
  { path, name, text: textOf }: TitleTextFile,
  options: CsvLayoutOptions,
  { onProgress }: WorkContext,
): AsyncGenerator<SourceRow> {
  const listener = {
    onNote: (message: string) => onProgress({ kind: 'note', message }),
    onWarning: (message: string) => onProgress({ kind: 'warning', message: message.replace(path, name) }),
  };
  const text = textOf(listener.onWarning);
  switch (titleFormat(path)) {
    case 'lines':
      return linesOrTable(text, name, options, listener);
    case 'json':
      return withTextsApart(jsonTitles(text, name, options.column, listener), name, listener);
    case 'csv':
      return withTextsApart(csvTitles(text, name, options, listener), name, listener);
  }
}
