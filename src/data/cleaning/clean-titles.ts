import { titleOptions } from '../../options/table/titles.js';
import { cleanText } from './clean-text.js';
import { SeenTitles } from './seen-titles.js';

/** Why a title was thrown away; each is counted and stands in dropped.csv. */
export type DropReason = 'deleted or removed' | 'too short' | 'too long' | 'duplicate';

/**
 * Longest raw title that is looked at, in UTF-16 units: Reddit allows 300 characters, some five times as long
 * with entities. The bound also keeps the decoding of nested entities, whose cost is quadratic, from being a
 * weapon.
 */
export const maxRawTitleLength = 2000;

/** What became of a raw title: kept in its cleaned form, or thrown away for a reason. */
type CleanedTitle = { readonly title: string } | { readonly reason: Exclude<DropReason, 'duplicate'> };

/** Told the names of the rules that changed a title, each once. */
type ChangeListener = (ruleNames: ReadonlySet<string>) => void;

/** Reddit's stand-ins for titles that are gone. */
const gone = /^\[\s*(deleted|removed)(\s+by\s+[^\][]{1,40})?\s*\]$/i;

/**
 * Cleans one title and judges it by itself; duplicates are for {@link cleanTitles}.
 * @param minLength shortest title kept, in Unicode characters after cleaning.
 * @param onChange told once, where any rule changed the title.
 */
export function cleanTitle(
  raw: string,
  minLength: number = titleOptions.minLength.default,
  onChange?: ChangeListener,
): CleanedTitle {
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

/** A title of a stream after cleaning: its raw form, and what became of it. */
type CleanedRow =
  | { readonly raw: string; readonly title: string; readonly subreddit: string | undefined }
  | { readonly raw: string; readonly reason: DropReason };

/**
 * Cleans a stream of titles; of equal ones, the first is kept. Holds a hash of each kept title, nothing else.
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
