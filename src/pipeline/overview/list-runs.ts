import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, TitlesmithError } from '../../common/errors.js';
import { manifestFileName } from '../../run/manifest.js';
import { runsIn } from '../named-models.js';
import { overviewOf, type RunOverview } from './run-overview.js';

/**
 * The runs in a folder, the newest last.
 * @throws TitlesmithError where it is not there, is no folder, cannot be read, or a run itself.
 */
export async function listRuns(folder: string): Promise<readonly RunOverview[]> {
  if (!existsSync(folder)) {
    throw new TitlesmithError(`There is no folder ${folder}.`, {
      code: 'runs-folder-missing',
      hint: 'Name the one that --runs-dir named, or make a run with titlesmith pipeline.',
    });
  }
  if (!statSync(folder).isDirectory()) {
    throw new TitlesmithError(`${folder} is a file, not a folder of runs.`, {
      code: 'runs-folder-missing',
      hint: 'Name the folder that --runs-dir named.',
    });
  }
  if (existsSync(join(folder, manifestFileName))) {
    throw new TitlesmithError(`${folder} is a run, not a folder of runs.`, {
      code: 'runs-folder-missing',
      hint: `Look at it with titlesmith show ${folder}.`,
    });
  }
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw fileError('read', folder, error);
  }
  const overviews = await Promise.all((await runsIn(folder)).map(overviewOf));
  return overviews.toSorted(
    (a, b) => (a.date ?? '').localeCompare(b.date ?? '') || a.name.localeCompare(b.name),
  );
}
