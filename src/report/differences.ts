import { diffArrays } from 'diff';
import { type Html, html, visible } from '../web/html.js';

/** Two titles with more changed words are not comparable, and the search would take long. */
const maximumEdits = 120;

/**
 * How two texts differ, as counts of words, repeating in threes: words in both, only in the first, only in the second.
 */
type WordRuns = readonly number[];

/** Two texts, word by word, and how they differ. Words are split at white space, and safe to show. */
interface Differences {
  readonly first: readonly string[];
  readonly second: readonly string[];
  readonly runs: WordRuns;
}

/**
 * Finds the words in which two texts differ (Myers, "An O(ND) difference algorithm and its variations",
 * 1986).
 */
export function findDifferences(firstText: string, secondText: string): Differences {
  const [first, second] = [words(firstText), words(secondText)];
  const changes = diffArrays([...second], [...first], { maxEditLength: maximumEdits });
  if (changes === undefined) return { first, second, runs: [0, first.length, second.length] };
  const runs: number[] = [];
  for (const { added, removed, count } of changes) {
    if (runs.length === 0 || !(added || removed) || runs.at(added ? -2 : -1)! > 0) runs.push(0, 0, 0);
    runs[runs.length - (added ? 2 : removed ? 1 : 3)]! += count;
  }
  return { first, second, runs };
}

/** Two texts as markup: words only the first has stand in `<ins>`, words only the second has in `<del>`. */
interface MarkedPair {
  readonly first: Html;
  readonly second: Html;
}

/** Marks the words in which two texts differ. White space is shown as one space. */
export function markDifferences(firstText: string, secondText: string): MarkedPair {
  const { first, second, runs } = findDifferences(firstText, secondText);
  const [left, right]: [Html[], Html[]] = [[], []];
  let [at, other] = [0, 0];
  for (let i = 0; i < runs.length; i += 3) {
    const [common, added, removed] = [runs[i]!, runs[i + 1]!, runs[i + 2]!];
    if (common > 0) {
      left.push(html`${first.slice(at, at + common).join(' ')}`);
      right.push(html`${second.slice(other, other + common).join(' ')}`);
    }
    at += common + added;
    other += common + removed;
    if (added > 0) left.push(html`<ins>${first.slice(at - added, at).join(' ')}</ins>`);
    if (removed > 0) right.push(html`<del>${second.slice(other - removed, other).join(' ')}</del>`);
  }
  return { first: joined(left), second: joined(right) };
}

function words(text: string): string[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(visible);
}

function joined(parts: readonly Html[]): Html {
  return html`${parts.map((part, i) => (i === 0 ? part : html` ${part}`))}`;
}
