/**
 * How the pages' scripts show a title and the words in which it differs from another. Plain text for the
 * browser: it sets text, and builds no markup from titles.
 */
export const pairScript = `
const element = (name, className, ...children) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
};

/**
 * One side of a pair. runs: words in common, words of the left alone, words of the right alone, and so on.
 */
const markedTitle = (text, runs, side) => {
  const words = text.split(' ');
  const title = element('bdi', 'title');
  let at = 0;
  const put = (count, mark) => {
    if (!count) return;
    const part = words.slice(at, at + count).join(' ');
    if (at > 0) title.append(' ');
    title.append(mark ? element(mark, '', part) : part);
    at += count;
  };
  for (let i = 0; i < runs.length; i += 3) {
    put(runs[i], '');
    put(runs[i + side], side === 1 ? 'ins' : 'del');
  }
  return title;
};

const shownRating = (rating) => (rating < 1 && rating > 0.995 ? '0.99' : rating.toFixed(2));
`;
