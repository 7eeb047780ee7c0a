import type { TitleQuery } from '../../../src/data/sources/title-source.js';

/** One post as a dump or a BigQuery table holds it. */
export interface Post {
  readonly title: string | null;
  readonly subreddit: string | null;
  readonly score: number | null;
  readonly created_utc: number | null;
  readonly id: string | null;
}

/** Seconds since 1970 of a time in UTC. */
export function second(time: string): number {
  return Date.parse(`${time}Z`) / 1000;
}

let serial = 0;

/** A post of r/AskReddit in the middle of March 2013, unless said otherwise. */
export function post(title: string | null, given: Partial<Post> = {}): Post {
  serial += 1;
  const created_utc = second('2013-03-15T12:00:00');
  return { title, subreddit: 'AskReddit', score: 10, created_utc, id: `p${serial}`, ...given };
}

const afternoon = second('2013-03-20T15:00:00');

/** Posts on which two SQL dialects could well disagree. */
export const hostilePosts: readonly Post[] = [
  post(null, { score: 900 }),
  post('', { score: 900 }),
  post('7 chars', { score: 900 }),
  post('8 charss', { score: 899 }),
  post('😀😀😀😀', { score: 898 }),
  post('😀😀😀😀😀😀😀😀', { score: 897 }),
  post('e\u0301e\u0301e\u0301e\u0301', { score: 896 }),
  post('éééé', { score: 895 }),
  post('&amp;&amp;', { score: 894 }),
  post('Is 1 &lt; 2 &amp;amp; 3 &gt; 2 &amp;lt;b&amp;gt;?', { score: 893 }),
  post('&quot;Quotes&quot; &#39;stay&#39; for cleaning', { score: 892 }),
  post('Broken \uFFFD text \uFFFD\uFFFD here', { score: 891 }),
  post(`'; DROP TABLE posts; -- "x" \\ \`y\` @min_length $files ?`, { score: 890 }),
  post('Two\nlines\r\nand\ta tab', { score: 889 }),
  post('  outer spaces stay  ', { score: 888 }),
  post('Right to left \u202Emark and \u200Bnothing', { score: 887 }),
  post('In capitals', { subreddit: 'ASKREDDIT', score: 886 }),
  post('With the Kelvin sign', { subreddit: 'as\u212Areddit', score: 885 }),
  post('With a dotted I', { subreddit: 'DIY'.replace('I', '\u0130'), score: 885 }),
  post('Of another subreddit', { subreddit: 'AskRedditors', score: 884 }),
  post('Of no subreddit', { subreddit: null, score: 884 }),
  post('Space in the subreddit', { subreddit: 'AskReddit ', score: 884 }),
  post('No score is last', { score: null, id: 'n2' }),
  post('No score is last, too', { score: null, id: 'n1' }),
  post('Below zero', { score: -5 }),
  post('Tie: younger', { score: 500, created_utc: afternoon + 1, id: 'a' }),
  post('Tie: older', { score: 500, created_utc: afternoon, id: 'z' }),
  post('Tie: id 10', { score: 500, created_utc: afternoon, id: '10' }),
  post('Tie: id 9', { score: 500, created_utc: afternoon, id: '9' }),
  post('Tie: id A', { score: 500, created_utc: afternoon, id: 'A' }),
  post('Tie: id a', { score: 500, created_utc: afternoon, id: 'a' }),
  post('Tie: id é', { score: 500, created_utc: afternoon, id: 'é' }),
  post('Tie: no id', { score: 500, created_utc: afternoon, id: null }),
  post('Tie: same id, title B', { score: 500, created_utc: afternoon, id: '9' }),
  post('Last second of February', { score: 300, created_utc: second('2013-02-28T23:59:59') }),
  post('First second of March', { score: 300, created_utc: second('2013-03-01T00:00:00') }),
  post('Last second of March', { score: 300, created_utc: second('2013-03-31T23:59:59') }),
  post('First second of April', { score: 300, created_utc: second('2013-04-01T00:00:00') }),
  post('Last second of December', { score: 299, created_utc: second('2013-12-31T23:59:59') }),
  post('First second of a year', { score: 298, created_utc: second('2014-01-01T00:00:00') }),
  ...Array.from({ length: 30 }, (_, index) =>
    post(`Shower thought number ${index}`, { subreddit: 'Showerthoughts', score: 600 - (index % 7) }),
  ),
];

/** The month of a post, `2013-03`, in UTC. */
export function monthOf({ created_utc }: Post): string {
  return new Date((created_utc ?? 0) * 1000).toISOString().slice(0, 7);
}

/** Bytes as both SQL dialects sort text: NULL last. */
function compareText(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function compareNumber(a: number | null, b: number | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a - b;
}

function comparePosts(a: Post, b: Post): number {
  const byScore = a.score === null || b.score === null ? compareNumber(a.score, b.score) : b.score - a.score;
  return (
    byScore ||
    compareNumber(a.created_utc, b.created_utc) ||
    compareText(a.id, b.id) ||
    compareText(a.title, b.title)
  );
}

/** The titles a source must give, in order: the query in plain code, written without its SQL. */
export function expectedTitles(posts: readonly Post[], query: TitleQuery): string[] {
  const taken = new Map<string, number>();
  const matching = posts.filter((candidate) => {
    const { title, subreddit } = candidate;
    if (title === null || subreddit === null || [...title].length < query.minLength) return false;
    const month = monthOf(candidate);
    if ((query.from && month < query.from) || (query.to && month > query.to)) return false;
    return query.subreddits.some((name) => new RegExp(`^${name}$`, 'i').test(subreddit));
  });
  const seen = new Set<string>();
  return matching.sort(comparePosts).flatMap(({ title, subreddit, id }) => {
    const name = (subreddit ?? '').toLowerCase();
    if (id !== null && seen.has(`${name} ${id}`)) return [];
    seen.add(`${name} ${id}`);
    taken.set(name, (taken.get(name) ?? 0) + 1);
    if ((taken.get(name) ?? 0) > query.limit) return [];
    const decoded = (title ?? '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    return [decoded.replaceAll('\uFFFD', '')];
  });
}

/** The whole question, with what a test does not care about filled in. */
export function question(given: Partial<TitleQuery>): TitleQuery {
  return { subreddits: ['askreddit'], from: undefined, to: undefined, limit: 16_000, minLength: 8, ...given };
}

/** Questions over {@link hostilePosts} that both dialects must answer alike. */
export const questions: readonly (readonly [string, TitleQuery])[] = [
  ['everything', question({})],
  ['in capitals', question({ subreddits: ['AskReddit'] })],
  ['one month', question({ from: '2013-03', to: '2013-03' })],
  ['from a month on', question({ from: '2013-04' })],
  ['up to a month', question({ to: '2013-02' })],
  ['over the end of a year', question({ from: '2013-12', to: '2014-01' })],
  ['two subreddits, few of each', question({ subreddits: ['askreddit', 'showerthoughts'], limit: 12 })],
  ['one title', question({ limit: 1 })],
  ['long titles', question({ minLength: 20 })],
  ['short titles', question({ minLength: 1 })],
];
