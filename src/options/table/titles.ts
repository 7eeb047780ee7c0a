import { conditionNames, sourceNames } from '../choices.js';
import type { OptionRows } from '../option-row.js';

const titles = { group: 'Titles', commands: ['pipeline'] } as const;
/** For options that say how a file of titles is read. */
const read = { ...titles, commands: ['pipeline', 'score'] } as const;
/** For options that change which titles are extracted, unless the source's fingerprint already covers them. */
const extracted = { ...titles, stages: ['extract'] } as const;

/** Where titles come from and which are selected. */
export const titleOptions = {
  subreddit: {
    ...extracted,
    type: 'subreddit',
    list: true,
    argument: 'name',
    help: 'Subreddits to learn from; each becomes a run of its own.',
  },
  subredditFile: {
    ...titles,
    type: 'path',
    argument: 'path',
    help: 'A text file of further names, one a line: for more than a command line can hold.',
  },
  // Only the training of a model that is prompted by name depends on it (src/pipeline/decided-options.ts).
  keepOut: {
    ...titles,
    type: 'subreddit',
    list: true,
    argument: 'name',
    help:
      'Subreddits to leave out of those that --subreddit names, to test a model on. A model that is prompted by name says ' +
      'so of them.',
  },
  keepOutFile: {
    ...titles,
    type: 'path',
    argument: 'path',
    help: 'A text file of further names to keep out, one a line.',
  },
  source: {
    ...titles,
    type: 'choice',
    choices: sourceNames,
    default: 'auto',
    argument: 'source',
    help: 'Where titles come from: auto, bigquery, duckdb (dumps: NDJSON, CSV, Parquet), csv (titles alone) or sample.',
  },
  input: {
    ...titles,
    type: 'path',
    list: true,
    argument: 'path',
    help: 'Files for the duckdb and csv sources; patterns such as RS_*.ndjson.gz too; - for standard input.',
  },
  // The source's fingerprint covers these three, by what they decide of each file.
  column: {
    ...read,
    type: 'text',
    argument: 'name',
    help: 'Column of a CSV that holds the titles, by name or number.',
    defaultInWords: 'title',
  },
  header: {
    ...read,
    type: 'boolean',
    or: 'auto',
    default: 'auto',
    argument: 'auto|true|false',
    help: 'Whether the first record of a CSV names the columns; auto finds out.',
  },
  quotes: {
    ...read,
    type: 'boolean',
    default: true,
    argument: 'true|false',
    help: 'Whether double quotes enclose values of a CSV; false takes them for characters like any other.',
  },
  strict: {
    ...titles,
    type: 'switch',
    help: 'Fail at the first line of a dump that is no post, instead of counting such lines; parses every line.',
  },
  project: {
    ...titles,
    type: 'text',
    argument: 'id',
    help: 'Google Cloud project that pays for the query.',
    defaultInWords: "the credentials' own",
  },
  location: {
    ...titles,
    type: 'text',
    argument: 'region',
    help: 'Region of the tables in BigQuery.',
    defaultInWords: 'found out by BigQuery',
  },
  table: {
    ...titles,
    type: 'text',
    argument: 'project.dataset',
    help: 'Dataset in BigQuery with a table a month, of the same shape.',
    defaultInWords: 'fh-bigquery.reddit_posts',
  },
  maxBytesBilled: {
    ...titles,
    type: 'bytes',
    default: 100 * 2 ** 30,
    argument: 'bytes',
    help: 'Most that one query of BigQuery may read, in bytes, GB or GiB.',
    defaultInWords: '100GiB, some $0.61',
  },
  dryRun: {
    ...titles,
    commands: ['pipeline', 'prune'],
    type: 'switch',
    help: 'Say what the query of BigQuery would read and cost, and stop there.',
    inCommand: { prune: { help: 'Say what would be removed, and remove nothing.' } },
  },
  from: { ...extracted, type: 'month', argument: 'month', help: 'First month of posts, YYYY-MM.' },
  to: { ...extracted, type: 'month', argument: 'month', help: 'Last month of posts, YYYY-MM, included.' },
  addMonths: {
    ...extracted,
    type: 'switch',
    help: 'Keep the titles of months asked for before: ask for those of --from to --to that are new, and add them.',
    implies: ['from', 'to'],
  },
  limit: {
    ...extracted,
    type: 'integer',
    minimum: 1,
    maximum: 10_000_000,
    default: 16_000,
    argument: 'count',
    help: 'At most this many titles of a subreddit, the highest scores first.',
  },
  minLength: {
    ...extracted,
    type: 'integer',
    minimum: 1,
    maximum: 300,
    default: 8,
    argument: 'characters',
    help: 'Shorter titles are dropped.',
  },
  validationShare: {
    ...titles,
    stages: ['dataset'],
    type: 'number',
    minimum: 0.01,
    maximum: 0.5,
    default: 0.1,
    argument: 'share',
    help: 'Share of the titles held out to measure the model.',
  },
  condition: {
    ...titles,
    stages: ['extract', 'dataset', 'generate'],
    type: 'choices',
    choices: conditionNames,
    default: [],
    argument: 'names',
    help:
      'What titles are prompted by: subreddit, keywords, or subreddit,keywords. With subreddit, all of --subreddit become ' +
      'one run, whose model is prompted by name.',
    defaultInWords: 'nothing',
  },
  conditionShare: {
    ...titles,
    stages: ['dataset'],
    type: 'number',
    minimum: 0,
    exclusiveMinimum: true,
    maximum: 1,
    argument: 'share',
    help:
      'Share of the titles that get the prompt of --condition, by their hash. Below 1 the model learns titles alone and ' +
      'never writes a prompt itself.',
    defaultInWords: '1, all of them',
    implies: ['condition'],
  },
} as const satisfies OptionRows;
