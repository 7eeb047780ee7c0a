import { join } from 'node:path';
import { usageError } from '../../common/errors.js';
import { silentContext, type WorkContext } from '../../common/progress.js';
import { openFileSource } from '../../io/file-source.js';
import { baseFolder } from '../../model/weights/base-folder.js';
import {
  Communities,
  communitiesFile,
  communityCandidates,
  communityGuidance,
} from '../../model/weights/communities.js';
import { parseModelName } from '../../model/weights/model-name.js';
import type { OpenModel } from '../../model/weights/open-model.js';

/** The communities that the base model knows by name. @throws TitlesmithError when their file cannot be read, or is damaged. */
export async function readBaseCommunities(): Promise<Communities> {
  return Communities.open(await openFileSource(join(baseFolder, communitiesFile)));
}

/**
 * The communities that a model knows without a prompt: those of the base model as it ships, and of no other.
 * @param model as for `--model`. @throws TitlesmithError as {@link readBaseCommunities}.
 */
export async function readCommunities(model: string): Promise<Communities | undefined> {
  const parsed = parseModelName(model);
  if (parsed.kind !== 'folder' || parsed.path !== baseFolder) return undefined;
  return readBaseCommunities();
}

/** What makes a model write for a subreddit: what it reads before each text, or other weights. */
interface AskedCommunity {
  /** Undefined where it reads nothing. */
  readonly prompt: string | undefined;
  /** How many candidates there are for each title, unless another number is asked for. */
  readonly candidates: number;
  /** The model as it writes for the subreddit. */
  changed(model: OpenModel): OpenModel;
}

interface CommunityQuestion {
  /** In lower case; undefined: none. */
  readonly subreddit: string | undefined;
  /** As it is asked for; undefined: it is not. */
  readonly guidanceScale?: number | undefined;
  /** What it is where it is not asked for. */
  readonly guidanceByDefault?: number;
}

/**
 * How a model writes for a subreddit.
 * @param model as for `--model`. @param prompt how a model without communities does.
 * @throws TitlesmithError `usage` where it cannot, saying why.
 */
export async function askCommunity(
  model: string,
  { subreddit, guidanceScale, guidanceByDefault = communityGuidance }: CommunityQuestion,
  prompt: (subreddit: string) => string | Promise<string>,
  context: WorkContext = silentContext,
): Promise<AskedCommunity> {
  const changed = (opened: OpenModel): OpenModel => opened;
  const communities = subreddit === undefined ? undefined : await readCommunities(model);
  if (subreddit !== undefined && communities !== undefined) {
    communities.check(subreddit);
    const guidance = guidanceScale ?? guidanceByDefault;
    const byDefault = guidanceScale === undefined ? ' (the default here)' : '';
    const message = `community: r/${subreddit}, guidance scale ${guidance}${byDefault}`;
    context.onProgress({ kind: 'note', message });
    return {
      prompt: undefined,
      // Without guidance none is likelier for it.
      candidates: guidance === 0 ? 1 : communityCandidates,
      changed: (opened) => communities.modelFor(opened, subreddit, guidance),
    };
  }
  if (guidanceScale !== undefined) {
    throw usageError(
      `--guidance-scale ${guidanceScale} guides the base model to a community, and ${subreddit === undefined ? 'none is named' : `${model} is another model`}.`,
      'Ask base with --subreddit NAME, or leave it out.',
    );
  }
  return { prompt: subreddit === undefined ? undefined : await prompt(subreddit), candidates: 1, changed };
}
