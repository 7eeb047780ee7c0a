import { conditionPrompt, parseKeywords } from '../../data/conditioning.js';
import { fieldError } from '../serve-error.js';
import type { ServedCondition } from '../served-model.js';

/** Fields by which a conditioned model is prompted, besides each face's own. */
export interface ConditionFields {
  readonly subreddit?: string | null;
  readonly keywords?: string | null;
}

/** The fields' schemas; those that the model was not trained with may only be left empty. */
export function conditionSchema(condition: ServedCondition | undefined) {
  const none = { enum: ['', null] };
  const names = condition?.names ?? [];
  return {
    subreddit: names.includes('subreddit') ? { enum: [...condition!.subreddits, '', null] } : none,
    keywords: names.includes('keywords') ? { type: ['string', 'null'], maxLength: 200 } : none,
  };
}

/**
 * What the model reads before the prefix. Where no subreddit is named, the seed chooses one.
 * @throws ServeError 400 where the subreddit is none of the model's.
 */
export function hiddenPrefix(
  condition: ServedCondition | undefined,
  { subreddit, keywords }: ConditionFields,
  seed: number,
): string | undefined {
  if (!condition) return undefined;
  const { names, subreddits } = condition;
  if (subreddit && !subreddits.includes(subreddit))
    throw fieldError('subreddit', 'subreddit is none of the model.');
  return conditionPrompt(names, {
    subreddit: subreddit || subreddits[Math.abs(seed) % Math.max(1, subreddits.length)],
    keywords: parseKeywords(keywords ?? ''),
  });
}
