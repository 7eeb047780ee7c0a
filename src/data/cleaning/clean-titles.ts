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

/** "Removed" in other languages: no more than this stands in the brackets. */
const goneElsewhere =
  'supprimée?|effacée?|gelöscht|entfernt|eliminad[oa]|borrad[oa]|removid[oa]|excluíd[oa]|apagad[oa]|rimoss[oa]|eliminat[oa]|' +
  'verwijderd|usunięt[oey]|удален[оа]?|удалён|silindi|kaldırıldı|slettet|fjernet|borttagen|raderad|poistettu|smazáno|odstraněno|' +
  'șters|已删除|已刪除|削除済み|삭제됨';

/** "Removed", perhaps with a noun before it. */
const goneInEnglish =
  '(?:(?:title|post|content|submission|comment|user|account|moderator)s?\\s+(?:(?:was|were|has been|have been)\\s+)?)?(?:deleted|removed)';

/** By whom, why or when. */
const why = '(?:(?:\\s+(?:by|in|for|on|due|at|as|per|via|because|after)\\s|\\s*[-–—:,])[^\\][(){}]{1,200})?';

/**
 * Reddit's and moderators' stand-ins for titles that are gone: nothing but brackets, and in them that it was removed, perhaps
 * by whom, why or when. In round brackets and braces, which titles have as well, only by whom. Text without brackets is never one.
 */
const gone = new RegExp(
  `^(?:[[【]+\\s*${goneInEnglish}${why}|[[({【]+\\s*(?:${goneInEnglish}(?:\\s+by\\s+[\\w ]{1,40})?|unavailable|${goneElsewhere}))[\\s.]*[\\])}】]+\\.?$`,
  'iu',
);

/** Markdown that people copy along: escapes of brackets, emphasis. */
const markdown = /[\\*_~`]/g;

/** Whether a cleaned title stands for one that is gone. */
function isGone(title: string): boolean {
  if (!/^[\\*_~`]*[[({【［（｛]/.test(title)) return false;
  // Compatibility forms turn full-width brackets into plain ones.
  return gone.test(title.replace(markdown, '').normalize('NFKC').trim());
}

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
  if (isGone(title)) return { reason: 'deleted or removed' };
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
