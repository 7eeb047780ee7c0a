import type { Random } from '../../src/common/random.js';

/** Kinds of text that a model writes that has learned too little. */
export const gibberishKinds = ['letters', 'words', 'triples'] as const;
export type GibberishKind = (typeof gibberishKinds)[number];

const letters = 'abcdefghijklmnopqrstuvwxyz     ';

/**
 * Texts as long as titles: letters at random; words of the titles, as often as there; words each of which followed the two before
 * it in a title.
 */
export function gibberish(
  kind: GibberishKind,
  titles: readonly string[],
  count: number,
  random: Random,
): string[] {
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  const split = titles.map((title) => title.split(' '));
  const words = split.flat();
  const followers = new Map<string, string[]>();
  for (const title of split) {
    for (const i of [...title.keys(), title.length]) {
      const before = `${title[i - 2] ?? ''} ${title[i - 1] ?? ''}`;
      const known = followers.get(before) ?? [];
      followers.set(before, known);
      known.push(title[i] ?? '');
    }
  }
  const chain = (): string => {
    const text: string[] = [];
    for (let next = pick(followers.get(' ')!); next !== '' && text.length < 60; ) {
      text.push(next);
      next = pick(followers.get(`${text.at(-2) ?? ''} ${text.at(-1)}`)!);
    }
    return text.join(' ');
  };
  const write: Readonly<Record<GibberishKind, (like: readonly string[]) => string>> = {
    letters: (like) => Array.from(like.join(' '), () => pick([...letters])).join(''),
    words: (like) => like.map(() => pick(words)).join(' '),
    triples: chain,
  };
  return Array.from({ length: count }, () => write[kind](pick(split)));
}
