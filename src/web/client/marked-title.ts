import { element } from './dom.js';

/**
 * One side of a pair of titles, the words marked that the other side lacks: `<ins>` on the first side, `<del>` on the
 * second. Does in the browser what `markDifferences` (src/report/differences.ts) does in the static markup; titles are only ever
 * set as text, not as markup.
 * @param text words, one space between them.
 * @param runs counts of words, repeating in threes: in both, only in the first, only in the second.
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
