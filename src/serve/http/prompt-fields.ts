import { randomInt } from 'node:crypto';
import { conditionPrompt, parseKeywords } from '../../data/conditioning.js';
import { httpText } from '../../options/table/generation.js';
import { runOptions } from '../../options/table/run.js';
import { checkValue, ValueError } from '../../options/value-types.js';
import { fieldError } from '../../web/http-error.js';
import type { ServedCondition } from '../served-model.js';

/** Prompt fields that all routes check in the same way. */

/** The longest prompt in characters (UTF-16 units): more than a slot can hold. */
export const longestPromptCharacters = 2000;

/** Checks that a text can be a prompt. @throws HttpError 400 naming the field. */
export function checkText(field: string, text: string): void {
  try {
    checkValue(httpText, text);
  } catch (error) {
    throw error instanceof ValueError ? fieldError(field, `${field} ${error.message}.`) : error;
  }
}

/** A seed for requests without one, within the range of `--seed`. */
export function randomSeed(): number {
  return randomInt(runOptions.seed.maximum + 1);
}

/** Fields for conditioned models, in addition to each route's own. */
export interface ConditionFields {
  readonly subreddit?: string | null;
  readonly keywords?: string | null;
}

/** The fields' JSON schemas. A field that the model was not trained with must be empty. */
export function conditionSchema(condition: ServedCondition | undefined) {
  const none = { enum: ['', null], description: 'left out: this model was not trained with it' };
  const names = condition?.names ?? [];
  return {
    subreddit: names.includes('subreddit') ? { enum: [...condition!.subreddits, '', null] } : none,
    keywords: names.includes('keywords') ? { type: ['string', 'null'], maxLength: 200 } : none,
  };
}

/**
 * What the model reads before the prefix. Where no subreddit is named, the seed chooses one.
 * @throws HttpError 400 for a subreddit that the model was not trained on.
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
