import { diffArrays } from 'diff';
import { type Html, html, visible } from './html.js';

/** Beyond this many changed words two titles have nothing to compare, and the search would take long. */
const maximumEdits = 120;

/** Two texts as markup: words only the first has stand in `<ins>`, words only the second has in `<del>`. */
export interface MarkedPair {
  readonly first: Html;
  readonly second: Html;
}

/**
 * Marks the words in which two texts differ (Myers, "An O(ND) difference algorithm and its variations",
 * 1986). White space is shown as one space.
 */
export function markDifferences(first: string, second: string): MarkedPair {
  const [firstWords, secondWords] = [words(first), words(second)];
  const changes = diffArrays(secondWords, firstWords, { maxEditLength: maximumEdits });
  if (changes === undefined) return { first: mark('ins', firstWords), second: mark('del', secondWords) };
  const common = changes.map((change) => ({ ...change, plain: html`${visible(change.value.join(' '))}` }));
  return {
    first: joined(
      common
        .filter((part) => !part.removed)
        .map((part) => (part.added ? mark('ins', part.value) : part.plain)),
    ),
    second: joined(
      common
        .filter((part) => !part.added)
        .map((part) => (part.removed ? mark('del', part.value) : part.plain)),
    ),
  };
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function mark(element: 'ins' | 'del', marked: readonly string[]): Html {
  const text = visible(marked.join(' '));
  if (text === '') return html``;
  return element === 'ins' ? html`<ins>${text}</ins>` : html`<del>${text}</del>`;
}

function joined(parts: readonly Html[]): Html {
  return html`${parts.map((part, i) => (i === 0 ? part : html` ${part}`))}`;
}
