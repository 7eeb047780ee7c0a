import type { BrowserRuns } from '../../browser/browser-runs.js';
import { about } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import { freeName } from './run-names.js';

/**
 * Unpacks an archive that the page or `titlesmith export` has written. The run counts only once all of it is there and checked.
 * @returns the name of the run: the archive's, or one like it that is free.
 * @throws TitlesmithError saying why it is refused; InterruptedError.
 */
export async function unpackArchive(archive: File, runs: BrowserRuns, context: WorkContext): Promise<string> {
  const taken = (await runs.list()).map(({ name }) => name);
  const name = freeName(archive.name.replace(/\.(?:tar\.gz|tgz|tar)$/i, ''), taken);
  try {
    const run = await runs.import({ name: archive.name, content: archive }, name, context);
    await run.close();
    return name;
  } catch (error) {
    throw about(archive.name, error);
  }
}
