import { join } from 'node:path';
import type { OptionName, RunOptions } from '../../options/option-table.js';
import { defaultOptions, restoreOptions } from '../../options/option-values.js';
import { readManifest } from './manifest-file.js';

/** Options that say where titles come from. A call that has none of them speaks of a run that is there. */
const sourceOptions: readonly OptionName[] = [
  'source',
  'input',
  'subreddit',
  'subredditFile',
  'keepOut',
  'keepOutFile',
];

/** What a call goes by that names a run and no source: how far it goes is its own. */
const ownOptions: readonly OptionName[] = ['runName', 'runsDir', 'until', 'overwrite', 'json', 'dryRun'];

/**
 * The options of a pipeline's call. One that names a run which is there, and nothing of where titles come from, goes on with
 * the options that are recorded in it; those that are given take their places.
 * @param overrides options of the call, by their names.
 * @returns the options, and the folder of the run whose options they are, if so.
 * @throws TitlesmithError when run.json cannot be read, or a recorded option is invalid.
 */
export async function withRecordedCall(
  overrides: Partial<RunOptions>,
): Promise<{ readonly options: Partial<RunOptions>; readonly recordedIn?: string }> {
  const { runName, runsDir = defaultOptions().runsDir } = overrides;
  const namesSource = sourceOptions.some((name) => overrides[name] !== undefined);
  // What is no text is refused with the other options.
  if (typeof runName !== 'string' || typeof runsDir !== 'string' || namesSource)
    return { options: overrides };
  const folder = join(runsDir, runName);
  const manifest = await readManifest(folder);
  if (manifest === undefined) return { options: overrides };
  const recorded = Object.entries(restoreOptions(manifest.options)).filter(
    ([name]) => !ownOptions.includes(name as OptionName),
  );
  return { options: { ...Object.fromEntries(recorded), ...overrides }, recordedIn: folder };
}
