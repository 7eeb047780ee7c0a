import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import { formatBytes, pluralize } from '../../common/number-formats.js';
import { defaultOptions } from '../../options/option-values.js';
import { listRuns } from '../../pipeline/overview/list-runs.js';
import { findPrunable, pruneRun } from '../../pipeline/prune-run.js';
import { manifestFileName } from '../../pipeline/run/manifest.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { PruneOptions } from '../parsing/request.js';
import type { Terminal } from '../terminal.js';
import { textTable } from '../text-table.js';

/** What became of one run. */
interface Outcome {
  readonly folder: string;
  readonly bytes: number;
  readonly files: readonly string[];
  /** Why it was left as it is. */
  readonly skipped?: string;
}

/**
 * Removes what finished runs no longer need, or with `dryRun` says what that is.
 * @param places runs or folders of runs; default: where pipeline keeps them. All must be there, before anything is removed.
 */
export async function pruneCommand(
  places: readonly string[],
  { dryRun = false }: PruneOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const named = places.length === 0 ? [defaultOptions().runsDir] : places;
  const found = await Promise.all(named.map(runsAt));
  const runs = [...new Set(found.flat())];
  for (const run of runs.filter((path) => named.includes(path))) await findPrunable(run);
  const outcomes: Outcome[] = [];
  for (const folder of runs) outcomes.push(await pruneOne(folder, named.includes(folder), dryRun, terminal));
  const bytes = outcomes.reduce((sum, outcome) => sum + outcome.bytes, 0);
  const rows = outcomes
    .filter((outcome) => outcome.bytes > 0 || outcome.skipped !== undefined)
    .map(({ folder, bytes: own, files, skipped }) =>
      skipped === undefined ? [folder, formatBytes(own), files.join(', ')] : [folder, '', skipped],
    );
  const what = dryRun ? 'would be freed' : 'freed';
  const total = `${formatBytes(bytes)} ${what} in ${pluralize(runs.length, 'run')}.`;
  const table = rows.length === 0 ? [] : [...textTable(rows, ['left', 'right']), ''];
  terminal.result([...table, total], { dryRun, runs: outcomes, bytes });
  return exitCodes.done;
}

/** The run at a place, or the runs in it. */
async function runsAt(place: string): Promise<readonly string[]> {
  if (existsSync(join(place, manifestFileName))) return [place];
  return (await listRuns(place)).map(({ folder }) => folder);
}

/** A run that was not named, and that another process writes or that is damaged, is left as it is, and no obstacle to others. */
async function pruneOne(
  folder: string,
  isNamed: boolean,
  dryRun: boolean,
  terminal: Terminal,
): Promise<Outcome> {
  try {
    const prunable = dryRun
      ? await findPrunable(folder)
      : await pruneRun(folder, (event) => terminal.show(event));
    return { folder, ...prunable };
  } catch (error) {
    if (isNamed || !(error instanceof TitlesmithError)) throw error;
    return { folder, bytes: 0, files: [], skipped: error.toLine() };
  }
}
