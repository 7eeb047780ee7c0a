import { type Random, shuffle } from '../../common/random.js';
import type { TokenizedTitles } from '../tokenizer/tokenized-titles.js';

/** Titles packed into rows: row r holds `titleIndices.subarray(rowOffsets[r], rowOffsets[r + 1])`. */
export interface PackedRows {
  readonly rowCount: number;
  readonly rowOffsets: Uint32Array;
  readonly titleIndices: Uint32Array;
}

/** Positions a title takes in a row: its tokens and the start token (the last target is the end token). */
export function titlePositions({ offsets }: TokenizedTitles, title: number): number {
  return offsets[title + 1]! - offsets[title]! + 1;
}

/** Title indices, longest first, by a stable counting sort. */
function longestFirst(titles: TokenizedTitles, order: Uint32Array, rowLength: number): Uint32Array {
  const counts = new Uint32Array(rowLength + 2);
  for (const title of order) {
    const positions = titlePositions(titles, title);
    if (positions > rowLength)
      throw new RangeError(`title ${title} takes ${positions} of ${rowLength} positions`);
    counts[rowLength - positions + 1]! += 1;
  }
  for (let length = 1; length < counts.length; length++) counts[length]! += counts[length - 1]!;
  const sorted = new Uint32Array(order.length);
  for (const title of order) sorted[counts[rowLength - titlePositions(titles, title)]!++] = title;
  return sorted;
}

/**
 * Packs whole titles into rows of `rowLength` positions by best-fit decreasing (Johnson et al., "Worst-Case Performance
 * Bounds for Simple One-Dimensional Packing Algorithms", 1974): each title, longest first, goes to the fullest row with
 * room for it. `random` shuffles the rows and titles of equal length, so that epochs differ.
 * @throws RangeError when a title is longer than a row.
 */
export function packTitles(titles: TokenizedTitles, rowLength: number, random: Random): PackedRows {
  const count = titles.offsets.length - 1;
  const order = shuffle(
    Uint32Array.from({ length: count }, (_, title) => title),
    random,
  );
  const rows: number[][] = [];
  /** Rows by the number of positions left in them. */
  const open: number[][] = Array.from({ length: rowLength + 1 }, () => []);
  for (const title of longestFirst(titles, order, rowLength)) {
    const positions = titlePositions(titles, title);
    let left = positions;
    while (left <= rowLength && open[left]!.length === 0) left++;
    const row = left <= rowLength ? open[left]!.pop()! : rows.push([]) - 1;
    rows[row]!.push(title);
    open[Math.min(left, rowLength) - positions]!.push(row);
  }
  shuffle(rows, random);
  const rowOffsets = new Uint32Array(rows.length + 1);
  for (const [row, members] of rows.entries()) rowOffsets[row + 1] = rowOffsets[row]! + members.length;
  return { rowCount: rows.length, rowOffsets, titleIndices: Uint32Array.from(rows.flat()) };
}
