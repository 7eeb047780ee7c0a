import type { RunOptions } from './option-table.js';
import type { TitleQuery, TitleSource } from './sources/contract.js';
import { openSource } from './sources/open.js';

/** Opens the decided source of a run. @throws TitlesmithError when its files or credentials are missing. */
export async function openRunSource(name: string, options: RunOptions): Promise<TitleSource> {
  const { input, column, project } = options;
  return openSource(name as TitleSource['name'], { input, column, project });
}

/** The question a run asks of its source. */
export function titleQuery(options: RunOptions): TitleQuery {
  const { subreddit, from, to, limit, minLength } = options;
  return { subreddits: subreddit, from, to, limit, minLength };
}
