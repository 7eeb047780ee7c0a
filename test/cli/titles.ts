import { createRandom } from '../../src/common/random.js';

const openings = [
  'What is the best',
  'Who knows the oldest',
  'Which is the strangest',
  'Where is the smallest',
];
const things = [
  'cheese',
  'lighthouse',
  'bicycle',
  'umbrella',
  'orchestra',
  'teapot',
  'dictionary',
  'staircase',
];
const endings = ['you ever met', 'in your street', 'that nobody talks about', 'your family would fight for'];
const asides = ['and why', 'and how much was it', 'seriously', 'asking for a friend', 'no wrong answers'];

/** Distinct made-up titles, always the same ones. At most 640. */
export function madeUpTitles(count: number): string[] {
  const random = createRandom(1, 'made-up titles');
  const pick = (words: readonly string[]): string => words[random.integer(words.length)] ?? '';
  const titles = new Set<string>();
  while (titles.size < count)
    titles.add(`${pick(openings)} ${pick(things)} ${pick(endings)}, ${pick(asides)}?`);
  return [...titles];
}

/** A CSV file of titles. */
export function toCsv(titles: readonly string[]): string {
  return ['title', ...titles.map((title) => `"${title}"`)].map((line) => `${line}\r\n`).join('');
}
