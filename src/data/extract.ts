import type { WorkContext } from '../common/progress.js';
import { writeAtomically } from '../io/atomic-file.js';
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
import { type CleaningRules, type ExtractedTitles, openCleaning } from './cleaned-lists.js';
import type { TitleQuery, TitleSource } from './sources/title-source.js';

/** What is extracted, and where it goes. */
interface ExtractOptions extends CleaningRules {
  readonly source: TitleSource;
  readonly query: TitleQuery;
  /** titles.csv: one column `title`, RFC 4180. */
  readonly titlesPath: string;
  /** dropped.csv: the raw title and the reason it was thrown away for. */
  readonly droppedPath: string;
  /** Called once the source has given its first row, before anything is written. */
  readonly onFirstRow?: () => Promise<void>;
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
  const { source, query, droppedPath, titlesPath, onFirstRow, ...rules } = checked;
  const cleaning = await openCleaning(source, query, rules, context);
  await onFirstRow?.();
  return writeAtomically([droppedPath, titlesPath], ([dropped, titles]) =>
    cleaning.write({
      titles: (record) => titles.write(record),
      dropped: (record) => dropped.write(record),
    }),
  );
}
