import { decodeHTMLStrict } from 'entities';
import { collapseSpaces, removeBroken, removeInvisible } from './characters.js';

/** One thing that cleaning does to the text of a title. */
export interface CleaningRule {
  /** What it takes care of, for counts. */
  readonly name: string;
  readonly change: (text: string) => string;
}

/** The dataset's own delimiters, which a title must not hold. */
const delimiters = /<\|(?:start|end)oftext\|>/gi;

/** The value that a function leaves as it is, reached by applying it again and again. */
function untilStable(text: string, change: (text: string) => string): string {
  let before = text;
  let after = change(text);
  while (after !== before) {
    before = after;
    after = change(before);
  }
  return after;
}

/**
 * What is done to a title, in this order, again and again until nothing changes. Entities are decoded to the end before
 * anything is judged by its neighbours: what they are must not hang on how often the text was escaped.
 */
export const cleaningRules: readonly CleaningRule[] = [
  { name: 'broken characters', change: removeBroken },
  {
    name: 'HTML entities',
    change: (text) => {
      const decoded = text.includes('&') ? untilStable(text, (escaped) => decodeHTMLStrict(escaped)) : text;
      return decoded === text ? text : removeBroken(decoded);
    },
  },
  { name: 'invisible characters', change: removeInvisible },
  { name: 'delimiters of the dataset', change: (text) => text.replace(delimiters, ' ') },
  { name: 'white space', change: collapseSpaces },
  { name: 'Unicode normal form', change: (text) => text.normalize('NFC') },
];

/** Printable ASCII in words with single spaces, without `&` and `<`: most titles, and no rule changes them. */
const clean = /^[!-%'-;=-~]+(?: [!-%'-;=-~]+)*$/;

/**
 * Applies the rules until none changes anything.
 * @param onChange told of each rule that changed the text, each time.
 */
export function applyRules(raw: string, onChange?: (rule: CleaningRule) => void): string {
  if (clean.test(raw)) return raw;
  return untilStable(raw, (text) => {
    let changed = text;
    for (const rule of cleaningRules) {
      const after = rule.change(changed);
      if (after !== changed) onChange?.(rule);
      changed = after;
    }
    return changed;
  });
}
