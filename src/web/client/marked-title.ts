import { element } from './dom.js';

/**
 * One side of a pair of titles, its words marked where the other side differs: in `<ins>` on the first side, in `<del>`
 * on the second. What `markDifferences` (src/report/differences.ts) does in the page's markup, for rows made in the
 * browser. Sets text, and builds no markup from titles.
 * @param text words, one space between them.
 * @param runs counts of words in turns of three: in both, in the first alone, in the second alone.
 */
export function markedTitle(text: string, runs: readonly number[], side: 'first' | 'second'): HTMLElement {
  const words = text.split(' ');
  const title = element('bdi', 'title');
  let at = 0;
  const put = (count: number, mark: 'ins' | 'del' | undefined): void => {
    if (count === 0) return;
    const run = words.slice(at, at + count).join(' ');
    if (at > 0) title.append(' ');
    title.append(mark === undefined ? run : element(mark, '', run));
    at += count;
  };
  for (let turn = 0; turn < runs.length; turn += 3) {
    put(runs[turn] ?? 0, undefined);
    if (side === 'first') put(runs[turn + 1] ?? 0, 'ins');
    else put(runs[turn + 2] ?? 0, 'del');
  }
  return title;
}
