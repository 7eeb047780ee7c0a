import { createRandom, type Random } from '../../src/common/random.js';

const onsets = [
  'b',
  'br',
  'c',
  'd',
  'f',
  'gr',
  'k',
  'l',
  'm',
  'n',
  'p',
  'qu',
  'r',
  's',
  'st',
  't',
  'tr',
  'v',
  'w',
  'z',
];
const nuclei = ['a', 'e', 'i', 'o', 'u', 'ai', 'ea', 'oo'];
const codas = ['', 'n', 'r', 's', 't', 'ck', 'nd', 'll', 'mp', 'x'];

function pick<Item>(list: readonly Item[], random: Random): Item {
  return list[random.integer(list.length)]!;
}

function inventWord(random: Random): string {
  const syllable = () => pick(onsets, random) + pick(nuclei, random) + pick(codas, random);
  return Array.from({ length: 1 + random.integer(3) }, syllable).join('');
}

/**
 * A language of titles, made up from the seed: a few hundred words, common ones far commoner (Zipf's law), a
 * few ways to begin. Titles drawn from it resemble each other as titles do, and are never meant to be
 * copies.
 */
export class InventedLanguage {
  private readonly words: readonly string[];
  private readonly openings: readonly string[];

  constructor(seed: number) {
    const random = createRandom(seed, 'language');
    this.words = Array.from({ length: 500 }, () => inventWord(random));
    this.openings = Array.from({ length: 12 }, () =>
      Array.from({ length: 3 }, () => pick(this.words.slice(0, 60), random)).join(' '),
    );
  }

  titles(count: number, random: Random): string[] {
    return Array.from({ length: count }, () => this.title(random));
  }

  private title(random: Random): string {
    const length = 4 + random.integer(9);
    const word = () => this.words[Math.floor(this.words.length ** random.uniform()) - 1]!;
    const text = [pick(this.openings, random), ...Array.from({ length }, word)].join(' ');
    return `${text[0]!.toUpperCase()}${text.slice(1)}?`;
  }
}

/** Ways in which a model gives back titles that it learned by heart. */
export const disguises: Readonly<Record<string, (titles: readonly string[], random: Random) => string>> = {
  'word for word': (titles, random) => pick(titles, random),
  shouted: (titles, random) => pick(titles, random).toUpperCase(),
  'one word changed': (titles, random) => {
    const words = pick(titles, random).split(' ');
    words[random.integer(words.length)] = 'else';
    return words.join(' ');
  },
  'two halves glued': (titles, random) => {
    const long = titles.filter((title) => title.split(' ').length >= 12);
    const half = (from: number, to: number) => pick(long, random).split(' ').slice(from, to).join(' ');
    return `${half(0, 6)} ${half(-6, Number.MAX_SAFE_INTEGER)}`;
  },
};
