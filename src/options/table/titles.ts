import { type ConditionName, sourceNames } from '../choices.js';
import { decidedValue, flag, list, value } from '../option-specification.js';
import {
  bytes,
  choice,
  condition,
  decimal,
  integer,
  month,
  path,
  subreddit,
  text,
  truth,
} from '../option-values.js';

/** Values that the source's own fingerprint stands for. */
const identifiedBySource = { group: 'Titles', stages: [] } as const;
/** Values that change how titles are asked for, not which they are. */
const asked = { group: 'Titles', stages: [] } as const;
const titles = { group: 'Titles', stages: ['extract'] } as const;
const million = 1_000_000;

/** Options of where titles come from and which are taken. */
export const titleOptions = {
  subreddit: list('<name...>', subreddit, {
    ...titles,
    help: 'Subreddits to learn from; each becomes a run of its own.',
  }),
  source: value('<source>', choice(...sourceNames), 'auto', {
    ...identifiedBySource,
    help: 'Where titles come from: auto, bigquery, duckdb (dumps: NDJSON, CSV, Parquet), csv (titles alone) or sample.',
  }),
  input: list('<path...>', path, {
    ...identifiedBySource,
    help: 'Files for the duckdb and csv sources; patterns such as RS_*.ndjson.gz too.',
  }),
  column: decidedValue('<name>', text, {
    ...titles,
    help: 'Column of a CSV that holds the titles, by name or number.',
    defaultInWords: 'title',
  }),
  header: decidedValue('<true|false>', truth, {
    ...titles,
    help: 'Whether the first record of a CSV names the columns.',
    defaultInWords: 'found out',
  }),
  strict: flag({
    ...identifiedBySource,
    help: 'Fail at the first line of a dump that is no post, instead of counting such lines; parses every line.',
  }),
  project: decidedValue('<id>', text, {
    ...titles,
    help: 'Google Cloud project that pays for the query.',
    defaultInWords: "the credentials' own",
  }),
  location: decidedValue('<region>', text, {
    ...asked,
    help: 'Region of the tables in BigQuery.',
    defaultInWords: 'found out by BigQuery',
  }),
  table: decidedValue('<project.dataset>', text, {
    ...identifiedBySource,
    help: 'Dataset in BigQuery with a table a month, of the same shape.',
    defaultInWords: 'fh-bigquery.reddit_posts',
  }),
  maxBytesBilled: value('<bytes>', bytes, 100 * 2 ** 30, {
    ...asked,
    help: 'Most that one query of BigQuery may read, in bytes, GB or GiB.',
    defaultInWords: '100GiB, some $0.61',
  }),
  dryRun: flag({ ...asked, help: 'Say what the query of BigQuery would read and cost, and stop there.' }),
  from: decidedValue('<month>', month, { ...titles, help: 'First month of posts, YYYY-MM.' }),
  to: decidedValue('<month>', month, { ...titles, help: 'Last month of posts, YYYY-MM, included.' }),
  addMonths: flag({
    ...titles,
    help: 'Keep the titles of months asked for before: ask for those of --from to --to that are new, and add them.',
  }),
  limit: value('<count>', integer(1, 10 * million), 16_000, {
    ...titles,
    help: 'At most this many titles of a subreddit, the highest scores first.',
  }),
  minLength: value('<characters>', integer(1, 300), 8, { ...titles, help: 'Shorter titles are dropped.' }),
  validationShare: value('<share>', decimal({ minimum: 0.01, maximum: 0.5 }), 0.1, {
    group: 'Titles',
    stages: ['dataset'],
    help: 'Share of the titles held out to measure the model.',
  }),
  condition: value<readonly ConditionName[]>('<names>', condition, [], {
    group: 'Titles',
    stages: ['extract', 'dataset', 'generate'],
    help:
      'What titles are prompted by: subreddit, keywords, or subreddit,keywords. With subreddit, all of --subreddit become ' +
      'one run, whose model is prompted by name.',
    defaultInWords: 'nothing',
  }),
} as const;
