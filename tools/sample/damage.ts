import type { Random } from '../../src/common/random.js';

/** Reddit stores titles with these three characters escaped. */
export function escapeAsReddit(title: string): string {
  return title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Puts `inserted` at a word boundary inside the title. */
function between(title: string, inserted: string, random: Random): string {
  const words = title.split(' ');
  const place = 1 + random.integer(Math.max(1, words.length - 1));
  return `${words.slice(0, place).join(' ')}${inserted}${words.slice(place).join(' ')}`;
}

const emoji = ['😂', '🤔', '🙃', '❤️', '👍🏽', '👩‍🚒', '🐈', '🥞'];
const controls = ['\u0007', '\u0085', '\u001b'];
const invisible = ['\u200b', '\ufeff', '\u00ad', '\u2060'];

type Damage = (title: string, random: Random) => string;

/** White space and characters that nobody sees: cleaning makes the original of it again. */
const harmless: readonly Damage[] = [
  (title) => ` ${title}`,
  (title) => `${title} `,
  (title, random) => between(title, '  ', random),
  (title, random) => between(title, '\u00a0', random),
  (title, random) => between(title, '\n', random),
  (title, random) => between(title, ` ${invisible[random.integer(invisible.length)]}`, random),
];

/** What people and old software do to titles. */
const lasting: readonly Damage[] = [
  (title, random) => `${title} ${emoji[random.integer(emoji.length)]}`,
  (title, random) => between(title, ` ${emoji[random.integer(emoji.length)]} `, random),
  (title, random) => between(title, ` ${controls[random.integer(controls.length)]}`, random),
  (title, random) => between(title, ' \ufffd', random),
  (title, random) => between(title, '\u200f ', random),
  (title) => `${title} &lt;3`,
  (title) => `${title} (R&amp;amp;B &amp;gt; jazz)`,
  (title) => `${title} &lt;|endoftext|&gt;`,
  (title) => `${title} (not a &quot;joke&quot;, it&#39;s true)`,
  (title) => `${title} (asked in a cafe\u0301)`,
  (title) => `${title} (don\u2019t judge me)`,
  (title) => title.toLowerCase(),
  (title) => title.replace(/^(?:TIL |LPT: )?\w+/, (word) => word.toUpperCase()),
];

/** A stored title with one thing wrong that cleaning puts right, so that a repost cleans to the same text. */
export function damageHarmlessly(title: string, random: Random): string {
  return harmless[random.integer(harmless.length)]!(title, random);
}

/** A stored title with one thing odd about it. */
export function damage(title: string, random: Random): string {
  const kinds = [...harmless, ...lasting];
  return kinds[random.integer(kinds.length)]!(title, random);
}

/** Titles that no one can learn from: removed posts, and text too short before or after cleaning. */
export const unusableTitles: readonly string[] = [
  ...['[deleted]', '[removed]', '[deleted by user]', '[ Removed by Reddit ]', '[Deleted]', ' [removed] '],
  ...['', '?', '...', 'help', 'why?', 'so true', 'hmm', 'oh no', 'agreed', 'a title'],
  ...['&amp;&amp;&amp;', '&lt;&gt;', '\u200b'.repeat(9), 'so     what', '😂😂😂'],
];
