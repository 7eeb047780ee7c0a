import { createRandom } from '../../src/common/random.js';

/** Gives post `index` of the month as one line of NDJSON. Called with 0, 1, 2, …, in this order. */
export type PostMaker = (index: number) => string;

const consonants = 'bcdfghjklmnprstvwz';
const vowels = 'aeiou';
/** The tenth of all posts that the bench asks for, the rest spread over many subreddits. */
const asked = { name: 'AskReddit', id: 't5_2qh1i', share: 0.1 } as const;
const firstSecond = Date.UTC(2019, 2) / 1000;
/** Posts of a real month of 2019, near enough: sets the pace of created_utc and of ids. */
const postsOfMonth = 10_000_000;

/**
 * Made-up posts with the fields of Pushshift's dumps of 2019, in their order (alphabetical), and near their sizes:
 * about 2 kB each, some with text of their own, with a preview, a flair or a crosspost.
 */
export function postMaker(seed: number): PostMaker {
  const { uniform, integer } = createRandom(seed, 'made-up month');
  const pick = (text: string): string => text[integer(text.length)] ?? '';
  const word = (): string =>
    Array.from({ length: 1 + integer(3) }, () => pick(consonants) + pick(vowels)).join('') +
    (uniform() < 0.5 ? pick(consonants) : '');
  const vocabulary = Array.from({ length: 8000 }, word);
  const subreddits = Array.from({ length: 5000 }, (_, index) => {
    const name = `${vocabulary[integer(8000)]}${index % 3 === 0 ? '_' : ''}${vocabulary[integer(8000)]}${index}`;
    return {
      name: index % 2 === 0 ? name : `${name[0]?.toUpperCase()}${name.slice(1)}`,
      id: `t5_${(2e6 + index * 37).toString(36)}`,
    };
  });
  // Common words come far more often, as in any language.
  const zipf = (count: number): number => Math.floor(count ** uniform()) - 1;
  const words = (count: number): string => {
    let text = vocabulary[zipf(8000)] ?? '';
    for (let index = 1; index < count; index += 1) text += ` ${vocabulary[zipf(8000)]}`;
    return text;
  };
  const token = (length: number): string => {
    let text = '';
    while (text.length < length) text += integer(2 ** 31).toString(36);
    return text.slice(0, length);
  };
  const flag = (share: number): boolean => uniform() < share;

  return (index) => {
    const subreddit = uniform() < asked.share ? asked : (subreddits[zipf(5000)] ?? asked);
    const id = (0xb00000 * 6 + index + 7e8).toString(36);
    const created = firstSecond + Math.floor((index * 2_678_400) / postsOfMonth);
    const author = `${words(1)}_${token(4)}`;
    const isSelf = subreddit === asked || flag(0.4);
    let title = words(3 + zipf(20));
    title = `${title[0]?.toUpperCase()}${title.slice(1)}${subreddit === asked ? '?' : ''}`;
    if (flag(0.03)) title += ' &amp; more';
    if (flag(0.05)) title = `\\"${title}\\" ${flag(0.3) ? '\\ud83d\\ude02' : ''}`;
    const slug = title
      .toLowerCase()
      .replace(/[^a-z]+/g, '_')
      .slice(0, 50);
    const permalink = `/r/${subreddit.name}/comments/${id}/${slug}/`;
    const domain = isSelf ? `self.${subreddit.name}` : flag(0.4) ? 'i.redd.it' : `${words(1)}.com`;
    const url = isSelf ? `https://www.reddit.com${permalink}` : `https://${domain}/${token(13)}.jpg`;
    let selftext = '';
    if (isSelf && subreddit !== asked && flag(0.7)) {
      selftext = words(1 + zipf(600));
      if (flag(0.6)) selftext += `\\n\\n${words(20)}`;
    } else if (isSelf && flag(0.3)) selftext = '[removed]';
    const score = Math.floor(1 / (1 - uniform()) ** 0.9);
    const image = token(32);
    const size = (width: number): string =>
      `{"height":${width},"url":"https://preview.redd.it/${image}.jpg?width=${width}&amp;crop=smart&amp;auto=webp&amp;s=${token(40)}","width":${width}}`;
    const preview = isSelf
      ? ''
      : `"post_hint":"image","preview":{"enabled":true,"images":[{"id":"${token(43)}","resolutions":[${size(108)},${size(216)},${size(320)}],"source":${size(640)},"variants":{}}]},`;
    const crosspost = flag(0.02)
      ? `"crosspost_parent":"t3_${token(6)}","crosspost_parent_list":[{"author":"${author}","id":"${token(6)}","score":${score + 7},"subreddit":"${flag(0.2) ? asked.name : subreddit.name}","title":"${title}"}],`
      : '';
    return (
      `{"all_awardings":[],"allow_live_comments":false,"archived":false,"author":"${author}","author_created_utc":${created - integer(1e8)},` +
      `"author_flair_background_color":null,"author_flair_css_class":null,"author_flair_richtext":[],"author_flair_template_id":null,` +
      `"author_flair_text":null,"author_flair_text_color":null,"author_flair_type":"text","author_fullname":"t2_${token(8)}",` +
      `"author_patreon_flair":false,"can_gild":true,"can_mod_post":false,"category":null,"content_categories":null,"contest_mode":false,` +
      `"created_utc":${created},${crosspost}"distinguished":null,"domain":"${domain}","edited":${flag(0.03) ? created + 60 : false},"gilded":0,` +
      `"gildings":{},"hidden":false,"hide_score":false,"id":"${id}","is_crosspostable":${flag(0.7)},"is_meta":false,` +
      `"is_original_content":false,"is_reddit_media_domain":${domain === 'i.redd.it'},"is_robot_indexable":${flag(0.8)},"is_self":${isSelf},` +
      `"is_video":false,"link_flair_background_color":"","link_flair_css_class":null,"link_flair_richtext":[],"link_flair_template_id":null,` +
      `"link_flair_text":${flag(0.2) ? `"${words(1)}"` : null},"link_flair_text_color":"dark","link_flair_type":"text","locked":${flag(0.01)},` +
      `"media":null,"media_embed":{},"media_only":false,"no_follow":${flag(0.8)},"num_comments":${zipf(3000)},"num_crossposts":0,` +
      `"over_18":${flag(0.2)},"parent_whitelist_status":"all_ads","permalink":"${permalink}","pinned":false,${preview}"pwls":6,"quarantine":false,` +
      `"removal_reason":null,"retrieved_on":${created + 5_000_000 + integer(1e5)},"score":${score},"secure_media":null,"secure_media_embed":{},` +
      `"selftext":"${selftext}","send_replies":${flag(0.9)},"spoiler":false,"stickied":false,"subreddit":"${subreddit.name}",` +
      `"subreddit_id":"${subreddit.id}","subreddit_name_prefixed":"r/${subreddit.name}","subreddit_subscribers":${integer(3e7)},` +
      `"subreddit_type":"public","suggested_sort":null,"thumbnail":"${isSelf ? 'self' : `https://b.thumbs.redditmedia.com/${token(43)}.jpg`}",` +
      `"thumbnail_height":${isSelf ? null : 140},"thumbnail_width":${isSelf ? null : 140},"title":"${title}","total_awards_received":0,` +
      `"url":"${url}","whitelist_status":"all_ads","wls":6}\n`
    );
  };
}
