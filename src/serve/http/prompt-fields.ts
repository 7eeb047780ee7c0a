import { randomInt } from 'node:crypto';
import { TitlesmithError, usageError } from '../../common/errors.js';
import { conditionPrompt, parseKeywords } from '../../data/conditioning.js';
import { subredditPrompt } from '../../data/known-subreddits.js';
import { baseName } from '../../model/weights/base-model.js';
import { readOption } from '../../options/option-values.js';
import { generationOptions, httpText } from '../../options/table/generation.js';
import { runOptions } from '../../options/table/run.js';
import { checkValue, ValueError } from '../../options/value-types.js';
import { fieldError } from '../../web/http-error.js';
import type { ServedModel } from '../served-model.js';

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

/** The fields' JSON schemas; which values they may have depends on the model, see {@link hiddenPrefix}. */
export const conditionSchema = {
  subreddit: { type: ['string', 'null'], maxLength: 200 },
  keywords: { type: ['string', 'null'], maxLength: 200 },
} as const;

/**
 * What the model reads before the prefix. Where no subreddit is named, the seed chooses one of a model that is always
 * prompted.
 * @throws HttpError 400 for a subreddit that the model cannot write for, saying why; for keywords where it was not trained
 *   with them.
 */
export function hiddenPrefix(
  { name, model, condition, madeOf = [] }: ServedModel,
  { subreddit, keywords: given }: ConditionFields,
  seed: number,
): string | undefined {
  if (given && !condition?.names.includes('keywords')) {
    const message = `keywords must be left out: this model was not trained with it; it is the text ${JSON.stringify(given)}.`;
    throw fieldError('keywords', message);
  }
  const keywords = parseKeywords(given ?? '');
  if (subreddit) {
    return asField('subreddit', () => {
      const known = readSubreddit(subreddit);
      if (model === baseName) throw servedBaseError(known);
      return subredditPrompt(
        { title: `The model ${name}`, start: undefined, condition, madeOf },
        known,
        keywords,
      );
    });
  }
  if (!condition || (condition.share < 1 && keywords.length === 0)) return undefined;
  const { names, subreddits } = condition;
  const chosen = subreddits[Math.abs(seed) % Math.max(1, subreddits.length)];
  return conditionPrompt(names, { subreddit: chosen, keywords });
}

/** A community is other weights of the base model, and all requests share one set of them. */
function servedBaseError(subreddit: string): TitlesmithError {
  return usageError(
    `A server of the base model writes for no subreddit in particular, so not for r/${subreddit}.`,
    `Ask titlesmith generate base --subreddit ${subreddit}, or serve a model that is prompted by name.`,
  );
}

function readSubreddit(text: string): string {
  return readOption('subreddit', generationOptions.promptSubreddit, text) as string;
}

/** Answers with an error of the field where a check finds one. */
function asField<Result>(field: string, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw error instanceof TitlesmithError ? fieldError(field, error.toLine()) : error;
  }
}
