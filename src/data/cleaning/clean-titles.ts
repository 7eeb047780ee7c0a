import { usageError } from '../../common/errors.js';
import { formatValue } from '../../options/option-values.js';
import { titleOptions } from '../../options/table/titles.js';
import { cleanText } from './clean-text.js';
import { SeenTitles } from './seen-titles.js';

/** Why a title was dropped; reasons are counted, and written to dropped.csv. */
export type DropReason = 'deleted or removed' | 'too short' | 'too long' | 'duplicate';

/**
 * Longest raw title that is cleaned, in UTF-16 units: Reddit allows 300 characters, some five times as long with entities.
 * The limit also bounds the decoding of nested entities, whose cost is quadratic.
 */
export const maxRawTitleLength = 2000;

/** The result of cleaning a title: its cleaned form, or the reason it was dropped for. */
type CleanedTitle = { readonly title: string } | { readonly reason: Exclude<DropReason, 'duplicate'> };

/** Called with the names of the rules that changed a title. */
type ChangeListener = (ruleNames: ReadonlySet<string>) => void;

/**
 * Reddit's and moderators' stand-ins for titles that are gone: nothing but brackets, and in them that it was removed, perhaps
 * by whom, why or when.
 */
const gone =
  /^\[\s*(?:(?:title|post|content|submission)\s+(?:(?:was|has been)\s+)?)?(?:deleted|removed)(?:(?:\s+(?:by|in|for|on|due|at|as)\s|\s*[-–—:,])[^\][]{1,200})?[\s.]*\]\.?$/i;

/**
 * Cleans a single title and checks it; duplicates are found by {@link cleanTitles}.
 * @param minLength shortest title kept, in Unicode characters after cleaning.
 * @param onChange called once, if any rule changed the title.
 */
export function cleanTitle(
  raw: string,
  minLength: number = titleOptions.minLength.default,
  onChange?: ChangeListener,
): CleanedTitle {
  if (typeof raw !== 'string') throw usageError(`cleanTitle: raw got ${formatValue(raw)}, which is no text.`);
  if (raw.length > maxRawTitleLength) return { reason: 'too long' };
  const changed = new Set<string>();
  const title = cleanText(raw, (ruleName) => changed.add(ruleName));
  if (changed.size > 0) onChange?.(changed);
  if (gone.test(title)) return { reason: 'deleted or removed' };
  if (characterCount(title) < minLength) return { reason: 'too short' };
  return { title };
}

/** Length in Unicode characters, as LENGTH counts in SQL. */
function characterCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** A title of a stream after cleaning: its raw form and the result. */
type CleanedRow =
  | { readonly raw: string; readonly title: string; readonly subreddit: string | undefined }
  | { readonly raw: string; readonly reason: DropReason };

/**
 * Cleans a stream of titles; of equal ones, the first is kept. Keeps only a hash of each kept title in memory.
 */
export async function* cleanTitles(
  rows: AsyncIterable<{ readonly title: string; readonly subreddit?: string }>,
  {
    minLength = titleOptions.minLength.default,
    onChange,
  }: { readonly minLength?: number; readonly onChange?: ChangeListener } = {},
): AsyncGenerator<CleanedRow> {
  const seen = new SeenTitles();
  for await (const { title: raw, subreddit } of rows) {
    const cleaned = cleanTitle(raw, minLength, onChange);
    if ('reason' in cleaned) {
      yield { raw, reason: cleaned.reason };
    } else if (seen.add(cleaned.title)) {
      yield { raw, title: cleaned.title, subreddit };
    } else {
      yield { raw, reason: 'duplicate' };
    }
  }
}
