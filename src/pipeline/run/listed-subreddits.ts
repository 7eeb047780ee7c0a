import { TitlesmithError, usageError } from '../../common/errors.js';
import { readText } from '../../io/text-file.js';
import { type RunOptions, rowOf } from '../../options/option-table.js';
import { flagOf, readOption } from '../../options/option-values.js';

const howToWrite = 'Write one name a line, such as askreddit; what follows a # is skipped.';

/** The names in a file, one a line; empty lines and what follows a # are skipped. @throws TitlesmithError with the line. */
async function readNames(flag: string, path: string): Promise<readonly string[]> {
  const lines = (await textOf(path)).split(/\r\n|\r|\n/);
  const names = lines.flatMap((line, index) => {
    const name = line.replace(/#.*/, '').trim();
    return name === '' ? [] : [readName(`${path}:${index + 1}`, name)];
  });
  if (names.length === 0) throw usageError(`${flag} ${path} holds no name.`, howToWrite);
  return names;
}

async function textOf(path: string): Promise<string> {
  let text = '';
  try {
    for await (const chunk of readText(path)) text += chunk;
  } catch (error) {
    if (!(error instanceof TitlesmithError && error.code === 'empty-file')) throw error;
  }
  return text;
}

function readName(place: string, name: string): string {
  try {
    return readOption(place, rowOf('subreddit'), name) as string;
  } catch (error) {
    throw error instanceof TitlesmithError ? usageError(error.message, howToWrite) : error;
  }
}

/** The options that list subreddits, and those that name a file of more. */
const lists = [
  ['subreddit', 'subredditFile'],
  ['keepOut', 'keepOutFile'],
] as const;

/**
 * Options with the names that --subreddit-file and --keep-out-file list, behind those given one by one.
 * @throws TitlesmithError when a file cannot be read, or holds none or something else.
 */
export async function withListedSubreddits(given: Partial<RunOptions>): Promise<Partial<RunOptions>> {
  let options = given;
  for (const [list, file] of lists) {
    const { [file]: path, ...others } = options;
    // Anything else is refused where all options are checked.
    if (typeof path !== 'string') continue;
    options = { ...others, [list]: [...(others[list] ?? []), ...(await readNames(flagOf(file), path))] };
  }
  return options;
}
