import { usageError } from '../../common/errors.js';
import { formatCount } from '../../common/number-formats.js';
import { bareSubreddit } from '../../common/subreddit-name.js';
import { baseName } from '../../model/weights/base-model.js';
import { readBaseCommunities } from '../../pipeline/stages/base-communities.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';

/** Prints the communities that the base model knows by name: all, or those whose name holds a word. */
export async function communitiesCommand(word: string | undefined, terminal: Terminal): Promise<ExitCode> {
  const communities = await readBaseCommunities();
  const part = bareSubreddit(word ?? '');
  const names = communities.search(part);
  if (names.length === 0) {
    throw usageError(
      `None of the ${formatCount(communities.names.length)} communities that the base model knows has ${JSON.stringify(part)} in its name.`,
      'Try a shorter word; titlesmith communities lists all.',
    );
  }
  const advice = `titlesmith generate ${baseName} --subreddit ${names[0]!} writes titles as for r/${names[0]!}.`;
  terminal.result([...names, '', advice], { communities: names });
  return exitCodes.done;
}
