import { usageError } from '../../common/errors.js';
import { readText } from '../../io/text-file.js';
import { type RunOptions, rowOf } from '../../options/option-table.js';
import { readOption } from '../../options/option-values.js';

/** The names in a file, one a line; empty lines and what follows a # are skipped. @throws TitlesmithError with the line. */
async function readNames(path: string): Promise<readonly string[]> {
  let text = '';
  for await (const chunk of readText(path)) text += chunk;
  const names = text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const name = line.replace(/#.*/, '').trim();
    return name === '' ? [] : [readOption(`${path}:${index + 1}`, rowOf('subreddit'), name) as string];
  });
  if (names.length === 0)
    throw usageError(`--subreddit-file ${path} holds no name of a subreddit.`, 'Write one a line.');
  return names;
}

/**
 * Options with the names that --subreddit-file lists among the subreddits, behind those given one by one.
 * @throws TitlesmithError when the file cannot be read, or holds none or something else.
 */
export async function withListedSubreddits(given: Partial<RunOptions>): Promise<Partial<RunOptions>> {
  const { subredditFile, ...options } = given;
  // Anything else is refused where all options are checked.
  if (typeof subredditFile !== 'string') return given;
  return { ...options, subreddit: [...(options.subreddit ?? []), ...(await readNames(subredditFile))] };
}
