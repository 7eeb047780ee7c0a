import type { Verdict } from '../common/judgement.js';
import { whyNotKeepable } from '../dedupe/decisions.js';
import { findDifferences } from '../report/differences.js';
import { visible } from '../web/html.js';
import type { ItemFilter, itemOrders, ReviewItem } from './review-messages.js';

/**
 * Rating from which the words are marked in which an output and the closest training title differ: from here on at least half of
 * the words of most pairs are the same. Below, most words would be marked, which tells nothing (docs/overfitting.md).
 */
const markedFrom = 0.6;

/** An output as the page shows it. */
export function toReviewItem(verdict: Verdict): ReviewItem {
  const { repeats, matched, rating } = verdict;
  const { first, second, runs } = findDifferences(verdict.text, repeats ?? matched ?? '');
  const isMarked = repeats !== undefined || rating >= markedFrom;
  return {
    index: verdict.index,
    text: first.join(' '),
    rating,
    matched: second.join(' '),
    second: visible(verdict.second ?? ''),
    runs: isMarked ? runs : [Math.max(first.length, second.length), 0, 0],
    reason: verdict.reason ?? '',
    evidence: verdict.evidence ?? '',
    impossible: whyNotKeepable(verdict) ?? '',
  };
}

/** An output and what is said of it. */
interface Described {
  readonly item: ReviewItem;
}

/** Outputs in each of the orders in which they are reviewed; equal ones as generated. @param threshold of near copies. */
export function inOrders<Entry extends Described>(
  entries: readonly Entry[],
  threshold: number,
): Readonly<Record<(typeof itemOrders)[number], readonly Entry[]>> {
  const sorted = (key: (item: ReviewItem) => number): Entry[] =>
    [...entries].sort((a, b) => key(a.item) - key(b.item) || a.item.index - b.item.index);
  return {
    doubt: sorted(({ rating }) => Math.abs(rating - threshold)),
    closeness: sorted(({ rating }) => -rating),
    index: sorted(({ index }) => index),
  };
}

/** Whether an output can be kept, is in a state, and has a reason, as a filter asks for. */
export function isShown(
  { reason, impossible }: ReviewItem,
  { decision, kept }: { readonly decision: string; readonly kept: boolean },
  filter: Pick<ItemFilter, 'show' | 'reason'>,
): boolean {
  if (filter.reason !== '' && (reason || 'accepted') !== filter.reason) return false;
  if (filter.show === 'impossible') return impossible !== '';
  if (impossible !== '') return false;
  switch (filter.show) {
    case 'all':
      return true;
    case 'open':
      return decision === '';
    case 'seen':
      return decision === 'seen';
    case 'decided':
      return decision === 'keep' || decision === 'refuse';
    case 'kept':
      return kept;
    case 'refused':
      return !kept;
  }
}
