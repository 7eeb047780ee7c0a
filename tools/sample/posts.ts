import { createRandom, type Random } from '../../src/common/random.js';
import { damage, damageHarmlessly, escapeAsReddit, unusableTitles } from './damage.js';
import { expand, readGrammar } from './grammar.js';

/** A post with the columns of Reddit's posts table. `created_utc` in seconds since 1970. */
export interface SamplePost {
  readonly title: string;
  readonly score: number;
  readonly subreddit: string;
  readonly created_utc: number;
  readonly author: string | null;
  readonly num_comments: number;
  readonly over_18: boolean;
  readonly id: string;
  readonly domain: string;
  readonly url: string;
  readonly selftext: string;
}

interface Plan {
  /** Its grammar has the same name. */
  readonly subreddit: string;
  /** Distinct titles; reposts and unusable titles come on top. */
  readonly titles: number;
  readonly linksOut: boolean;
}

const plans: readonly Plan[] = [
  { subreddit: 'AskReddit', titles: 4400, linksOut: false },
  { subreddit: 'Showerthoughts', titles: 4400, linksOut: false },
  { subreddit: 'todayilearned', titles: 1100, linksOut: true },
  { subreddit: 'LifeProTips', titles: 1100, linksOut: false },
];

const seed = 20190101;
const firstSecond = Date.UTC(2019, 0) / 1000;
const secondAfter = Date.UTC(2019, 6) / 1000;
const shares = { damaged: 0.06, repost: 0.04, unusable: 0.02, adult: 0.005 };
/** The id of the oldest post; later ones count up, in base 36, over the step from five to six digits. */
const firstId = 36 ** 5 - 3000;

/** A heavy tail: half of the posts below 6, one in a hundred above 2,900. Only exact operations. */
function drawScore(random: Random): number {
  const rank = 1 - random.uniform();
  return Math.min(90_000, Math.floor(3 / (rank * Math.sqrt(rank))) - 3);
}

/** Stored titles of one subreddit: distinct ones, some of them damaged, then reposts and unusable ones. */
function drawTitles({ subreddit, titles }: Plan): string[] {
  const grammar = readGrammar(subreddit);
  const random = createRandom(seed, 'sample', subreddit);
  const distinct = new Set<string>();
  while (distinct.size < titles) distinct.add(expand(grammar, 'title', random));
  const originals = [...distinct].map((title) => {
    const stored = escapeAsReddit(title);
    return random.uniform() < shares.damaged ? damage(stored, random) : stored;
  });
  const reposts = Array.from({ length: Math.round(titles * shares.repost) }, (_, index) => {
    const original = originals[random.integer(originals.length)]!;
    return index % 2 === 0 ? original : damageHarmlessly(original, random);
  });
  const unusable = Array.from(
    { length: Math.round(titles * shares.unusable) },
    () => unusableTitles[random.integer(unusableTitles.length)]!,
  );
  return [...originals, ...reposts, ...unusable];
}

/**
 * The posts of the bundled sample, oldest first: made up by grammars, the same on every machine. Nothing in it
 * was written by a person on Reddit. Roughly one post in ten gives cleaning something to do.
 */
export function samplePosts(): SamplePost[] {
  const drawn = plans.flatMap((plan) => {
    const random = createRandom(seed, 'columns', plan.subreddit);
    return drawTitles(plan).map((title) => {
      const score = drawScore(random);
      const created = firstSecond + random.integer(secondAfter - firstSecond);
      const comments = Math.floor(score / (2 + random.integer(20)));
      return { plan, title, score, created, comments, adult: random.uniform() < shares.adult };
    });
  });
  drawn.sort((left, right) => left.created - right.created);
  return drawn.map(({ plan: { subreddit, linksOut }, title, score, created, comments, adult }, index) => {
    const id = (firstId + index).toString(36);
    const removed = /^\W*(deleted|removed)/i.test(title);
    return {
      title,
      score,
      subreddit,
      created_utc: created,
      author: removed ? '[deleted]' : null,
      num_comments: comments,
      over_18: adult,
      id,
      domain: linksOut ? 'example.com' : `self.${subreddit}`,
      url: `https://example.com/${linksOut ? 'article' : `r/${subreddit}/comments`}/${id}/`,
      selftext: removed ? '[removed]' : '',
    };
  });
}

/** Posts as newline-delimited JSON, one a line. */
export function toNdjson(posts: readonly SamplePost[]): string {
  return posts.map((post) => `${JSON.stringify(post)}\n`).join('');
}
