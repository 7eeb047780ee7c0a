import { formatCount } from '../../common/number-formats.js';
import { silentContext, type WorkContext } from '../../common/progress.js';
import { promptedSubreddit } from '../../data/conditioning.js';
import { readTrainedCondition, type TrainedCondition } from '../../data/trained-condition.js';
import { baseName } from '../../model/weights/base-model.js';
import { type HubSettings, hubSettings } from '../../model/weights/hub/settings.js';
import { folderBeside } from '../../model/weights/resolve-model.js';
import { conditionFile } from '../../options/choices.js';
import { scratchName } from '../../options/option-rules.js';
import type { RunOptions } from '../../options/option-table.js';

/**
 * What a model is prompted by, as its folder or its repository says.
 * @param model as for `--model`.
 * @throws TitlesmithError when there is no such model, or what is said of it cannot be read.
 */
export async function readModelCondition(
  model: string,
  settings: HubSettings = hubSettings(),
): Promise<TrainedCondition | undefined> {
  return readTrainedCondition(await folderBeside(model, conditionFile, silentContext, { settings }));
}

/**
 * The folder of the weights that a training begins with; undefined for one from scratch.
 * @throws as {@link readModelCondition}.
 */
export async function startingFolder(
  start: { readonly choice: string; readonly hash?: string | undefined } | undefined,
): Promise<string | undefined> {
  if (start === undefined || start.choice === 'nano' || start.choice === scratchName) return undefined;
  return folderBeside(start.choice, conditionFile, silentContext, { hash: start.hash });
}

/** What a run's model is prompted by, where an earlier titlesmith trained it and its folder does not say. */
export function conditionOfRun({
  condition,
  conditionShare = 1,
  subreddit,
  keepOut,
}: RunOptions): TrainedCondition | undefined {
  if (condition.length === 0) return undefined;
  const subreddits = condition.includes('subreddit') ? subreddit : [];
  return { names: condition, share: conditionShare, subreddits, keptOut: keepOut };
}

/** Most names that a warning lists. */
const mostListed = 5;

/**
 * What a run's model will be prompted by. Warns of subreddits that it will not know.
 * @param titles those it is trained on, with their prompts: it knows the subreddits that stand in these.
 * @param start what the model that training begins with says of itself; what that has learned was not kept out.
 */
export async function trainedCondition(
  options: RunOptions,
  titles: AsyncIterable<string>,
  { onProgress }: Pick<WorkContext, 'onProgress'>,
  start?: TrainedCondition,
): Promise<TrainedCondition | undefined> {
  const asked = conditionOfRun(options);
  if (asked === undefined) return undefined;
  const known = asked.keptOut.filter((name) => start?.subreddits.includes(name));
  if (known.length > 0) {
    const message = `The model that training begins with was trained on r/${known.join(', r/')}: not said to be kept out.`;
    onProgress({ kind: 'warning', message });
  }
  const ofRun = { ...asked, keptOut: asked.keptOut.filter((name) => !known.includes(name)) };
  if (!ofRun.names.includes('subreddit')) return ofRun;
  const subreddits = new Set<string>();
  for await (const title of titles) {
    const subreddit = promptedSubreddit(title);
    if (subreddit !== undefined) subreddits.add(subreddit);
  }
  const unknown = ofRun.subreddits.filter((name) => !subreddits.has(name));
  if (unknown.length > 0) {
    const names = unknown
      .slice(0, mostListed)
      .map((name) => `r/${name}`)
      .join(', ');
    const more = unknown.length > mostListed ? ` and ${formatCount(unknown.length - mostListed)} more` : '';
    const message =
      `No title with a prompt to train on is of ${names}${more}: of ${formatCount(ofRun.subreddits.length)} subreddits ` +
      `the model will know ${formatCount(subreddits.size)} by name.`;
    onProgress({ kind: 'warning', message });
  }
  return { ...ofRun, subreddits: [...subreddits].sort() };
}

/** How errors name a model that is asked for titles of a subreddit, and how `--model` does. */
export function titleOfModel(model: string): { readonly title: string; readonly start: string } {
  return { title: model === baseName ? 'The base model' : `The model ${model}`, start: model };
}
