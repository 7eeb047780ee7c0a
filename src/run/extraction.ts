import type { ProgressListener } from '../common/progress.js';
import type { CleaningRules } from '../data/cleaned-lists.js';
import type { TitleQuery, TitleSource } from '../data/sources/title-source.js';
import type { RunOptions } from '../options/option-table.js';

/** The query of a run to its source. */
export function titleQuery(options: RunOptions): TitleQuery {
  const { subreddit, from, to, limit, minLength } = options;
  return { subreddits: subreddit, from, to, limit, minLength };
}

/** Which titles of its source a run keeps. */
export function cleaningRules({
  minLength,
  addMonths,
  limit,
  subreddit,
  condition,
}: RunOptions): CleaningRules {
  return {
    minLength,
    // With --add-months the limit applies to each fetched range of months, not to their sum.
    ...(addMonths ? {} : { limit: limit * Math.max(1, subreddit.length) }),
    withSubreddit: condition.includes('subreddit'),
  };
}

/** A source whose notes and warnings are also passed to `onRemark`; BigQuery's name jobs and retries, which differ each time. */
export function withRemarks(source: TitleSource, onRemark: (message: string) => void): TitleSource {
  if (source.name === 'bigquery') return source;
  return {
    ...source,
    rows: (query, context) => {
      const onProgress: ProgressListener = (event) => {
        if (event.kind === 'note' || event.kind === 'warning') onRemark(event.message);
        context.onProgress(event);
      };
      return source.rows(query, { ...context, onProgress });
    },
  };
}
