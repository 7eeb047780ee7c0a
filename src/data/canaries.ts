import { TitlesmithError } from '../common/errors.js';
import type { Random } from '../common/random.js';

/** Fewest and most words of a canary, where the titles have so many: fewer would be foretold, or said, by chance. */
const [fewestWords, mostWords] = [6, 20];

/** Draws for each canary that is wanted, before there are said to be too few. */
const mostDraws = 50;

/** A letter of a script that is written without spaces between words. */
const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

/** The words of a title, each with the space before it, if there is one. */
function wordsOf(title: string): string[] {
  return (title.match(/\s*\S+/gu) ?? []).flatMap((word) =>
    spaceless.test(word) ? Array.from(segmenter.segment(word), ({ segment }) => segment) : [word],
  );
}

/** Titles to make canaries of, and what a canary must be. */
interface CanarySource {
  /** Without prompts. */
  readonly titles: readonly string[];
  /** Whether a text may be one: it is new, and no longer than the titles. */
  readonly isFit: (text: string) => boolean;
}

/**
 * Invents titles: each word is drawn from the words of all titles, as often as it occurs there, the first from the first
 * ones; each has as many words as a title drawn at random, from 6 to 20. So they look like the titles token by token, but
 * which words meet in one nobody can predict: a model that finds one likely has seen it.
 * @returns different texts, each drawn in the same way, whichever of them are planted.
 * @throws TitlesmithError `canaries` where so many cannot be made of these titles.
 */
export function inventTitles({ titles, isFit }: CanarySource, count: number, random: Random): string[] {
  const split = titles.map(wordsOf).filter((words) => words.length > 0);
  const others = split.flatMap((words) => words.slice(1));
  const longest = split.reduce((most, { length }) => Math.max(most, length), 0);
  const fewest = Math.min(fewestWords, longest);
  const one = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  const invented = new Set<string>();
  for (let draw = 0; others.length > 0 && invented.size < count && draw < mostDraws * count; draw++) {
    const length = Math.min(mostWords, Math.max(fewest, one(split).length));
    const words = [one(split)[0]!, ...Array.from({ length: length - 1 }, () => one(others))];
    const text = words.join('');
    if (isFit(text)) invented.add(text);
  }
  if (invented.size === count) return [...invented];
  throw new TitlesmithError(
    `Only ${invented.size} of ${count} different canaries could be made of the words of the titles.`,
    {
      code: 'canaries',
      hint: 'Leave --canaries out: these titles are too few, too short or too much alike.',
    },
  );
}
