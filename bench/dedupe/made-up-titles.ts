import { createRandom, type Random } from '../../src/common/random.js';

const commonWords =
  'the of to a in is you what your for that it my on and are with do have this how when at was people who be ' +
  'from not or if can would why most they has will about one first time like just after all by out get best had ' +
  'been so no an as he his we there were which more new up her than into some other their now make only over did ' +
  'man life world work years ever day reddit does us their show me because found thing really good look know old';

const parts = {
  starts: 'b br c ch cl d dr f fl g gr h j k l m n p pl pr qu r s sc sh sl sp st str t th tr v w z'.split(
    ' ',
  ),
  middles: 'a e i o u ai ea ee oo ou a e i o'.split(' '),
  ends: ' b ck d ft g l ld ll lt m mp n nd ng nk nt p r rd rk rm rn rt s sh sk st t th tion ment ing er'.split(
    ' ',
  ),
};
const rareWords = 12_000;

/** Words from the commonest on: those of English, then made-up ones spelt like it. */
function vocabulary(random: Random): string[] {
  const pick = (list: readonly string[]) => list[random.integer(list.length)]!;
  const made = Array.from(
    { length: rareWords },
    () =>
      Array.from({ length: 1 + random.integer(3) }, () => pick(parts.starts) + pick(parts.middles)).join('') +
      pick(parts.ends),
  );
  return [...commonWords.split(' '), ...made];
}

/**
 * Titles made up from a seed: 4 to 22 words drawn by Zipf's law, as long and as alike as titles of Reddit
 * are. The same seed and use always give the same titles; `use` tells lists apart that share the words.
 */
export function madeUpTitles(count: number, seed: number, use: string): string[] {
  const words = vocabulary(createRandom(seed, 'words'));
  const random = createRandom(seed, 'titles', use);
  const word = () => words[Math.floor((words.length + 1) ** random.uniform()) - 1]!;
  return Array.from({ length: count }, () => {
    const title = Array.from({ length: 4 + random.integer(19) }, word).join(' ');
    return `${title[0]!.toUpperCase()}${title.slice(1)}${random.integer(3) === 0 ? '?' : ''}`;
  });
}

const formulas = [
  (day: string) => `Daily discussion thread, ${day}`,
  (day: string, n: number) => `[Weekly] Ask anything, week ${n}: ${day}`,
  (day: string, n: number) => `Match thread: round ${n}, ${day}`,
  (day: string) => `${day}: what did you read today?`,
  (_: string, n: number) => `Photo challenge no. ${n}`,
];
const months = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** Titles of a subreddit of recurring threads: each a formula with a date and a number, no two the same. */
export function formulaicTitles(count: number, seed: number): string[] {
  const random = createRandom(seed, 'formulas');
  const titles = new Set<string>();
  while (titles.size < count) {
    const day = `${months[random.integer(12)]} ${1 + random.integer(28)}, ${2005 + random.integer(15)}`;
    titles.add(formulas[random.integer(formulas.length)]!(day, 1 + random.integer(4000)));
  }
  return [...titles];
}

/**
 * What a model that learned `titles` might say: a fifth is a title with a word changed, a fifth two halves
 * of titles, a twentieth a title, the rest titles of `unseen`.
 */
export function madeUpOutputs(
  count: number,
  titles: readonly string[],
  unseen: readonly string[],
  seed: number,
): string[] {
  const random = createRandom(seed, 'outputs');
  const pick = (list: readonly string[]) => list[random.integer(list.length)]!.split(' ');
  return Array.from({ length: count }, () => {
    const kind = random.integer(20);
    if (kind === 0) return pick(titles).join(' ');
    if (kind < 5) {
      const words = pick(titles);
      words[random.integer(words.length)] = pick(unseen)[0]!;
      return words.join(' ');
    }
    if (kind < 9) {
      const [first, second] = [pick(titles), pick(titles)];
      return [...first.slice(0, first.length / 2), ...second.slice(second.length / 2)].join(' ');
    }
    return pick(unseen).join(' ');
  });
}
