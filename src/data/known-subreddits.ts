import { usageError } from '../common/errors.js';
import { nearWords } from '../common/nearest-word.js';
import { formatCount } from '../common/number-formats.js';
import { conditionPrompt } from './conditioning.js';
import type { TrainedCondition } from './trained-condition.js';

/** A model that is asked for titles of a subreddit. */
interface AskedModel {
  /** Names it at the beginning of a sentence: `The base model`. */
  readonly title: string;
  /** Its name for `--model`, where a training can start from it. */
  readonly start: string | undefined;
  readonly condition: TrainedCondition | undefined;
  /** The subreddits that its run was made of; empty where that is not known. */
  readonly madeOf: readonly string[];
}

/** Most names that an error lists. */
const [mostNear, mostListed] = [3, 12];

const withSlash = (name: string): string => `r/${name}`;

function listed(names: readonly string[], conjunction: 'and' | 'or'): string {
  const words = names.map(withSlash);
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}

/**
 * What a model reads before the titles of a subreddit.
 * @param subreddit its name in lower case.
 * @throws TitlesmithError `usage` saying why the model cannot write for it, and what to do.
 */
export function subredditPrompt(
  { title, start, condition, madeOf }: AskedModel,
  subreddit: string,
  keywords: readonly string[] = [],
): string {
  const name = withSlash(subreddit);
  const withModel = start === undefined ? '' : ` --model ${start}`;
  const train = `Fine-tune a model on titles of ${name}: titlesmith pipeline --subreddit ${subreddit}${withModel}`;
  if (!condition?.names.includes('subreddit')) {
    if (madeOf.length === 1 && madeOf.includes(subreddit)) {
      throw usageError(
        `${title} writes for ${name} alone, and is not prompted by name.`,
        'Leave the subreddit out.',
      );
    }
    throw usageError(
      `${title} was not trained with names of subreddits, so it cannot write for ${name}.`,
      `${train}; or leave the subreddit out.`,
    );
  }
  const { names, subreddits, keptOut } = condition;
  if (subreddits.includes(subreddit)) return conditionPrompt(names, { subreddit, keywords });
  if (keptOut.includes(subreddit)) {
    throw usageError(
      `${title} knows no ${name}: its titles were kept out of training, so that the model can be tested on them.`,
      `${train}; or name another subreddit.`,
    );
  }
  throw usageError(
    `${title} was not trained with prompts for ${name}.`,
    hintFor(subreddit, subreddits, train),
  );
}

function hintFor(subreddit: string, subreddits: readonly string[], train: string): string {
  const near = nearWords(subreddit, subreddits, mostNear);
  if (near.length > 0) return `Did you mean ${listed(near, 'or')}?`;
  const known =
    subreddits.length <= mostListed
      ? `It knows ${listed(subreddits, 'and')}`
      : `None of the ${formatCount(subreddits.length)} that it knows is near`;
  return `${known}. ${train}.`;
}
