import { toPrintable } from '../common/printable.js';

/** The place of a column's values: numbers stand at the right. */
type Alignment = 'left' | 'right';

/**
 * Lines of a table for a terminal: columns two spaces apart, as wide as their widest value. Characters that a terminal would act
 * on are shown as such.
 * @param alignments of the columns; those beyond stand at the left.
 */
export function textTable(rows: readonly (readonly string[])[], alignments: readonly Alignment[]): string[] {
  const shown = rows.map((row) => row.map(toPrintable));
  const columns = Math.max(0, ...shown.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...shown.map((row) => lengthOf(row[column] ?? ''))),
  );
  return shown.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat(widths[column]! - lengthOf(cell));
        return alignments[column] === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Columns that a text takes: East Asian wide and full-width characters take two (Unicode Standard Annex 11). */
function lengthOf(text: string): number {
  let length = 0;
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text))
    length += wide.test(segment) ? 2 : 1;
  return length;
}

const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
