import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { TitlesmithError } from '../../common/errors.js';
import { formatBytes, pluralize } from '../../common/number-formats.js';
import { defaultOptions } from '../../options/option-values.js';
import { listRuns } from '../../pipeline/overview/list-runs.js';
import { checkPrunable, findPrunable, pruneRun } from '../../pipeline/prune-run.js';
import { missingRun } from '../../pipeline/run/named-run.js';
import { manifestFileName } from '../../run/manifest.js';
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
 * @returns that it failed where a run could not be read or written. One that another process is at work on is only left for later.
 */
export async function pruneCommand(
  places: readonly string[],
  { dryRun = false }: PruneOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const named = places.length === 0 ? [defaultOptions().runsDir] : places;
  const found = await Promise.all(named.map((place) => runsAt(place, places.length === 0)));
  // By their real paths, as a run may be named in several ways.
  const runs = new Map(found.flat().map((run) => [realpathSync(run.folder), run]));
  for (const { folder, isNamed } of runs.values()) if (isNamed) await checkPrunable(folder);
  const outcomes: Outcome[] = [];
  let exitCode: ExitCode = exitCodes.done;
  for (const { folder } of runs.values()) {
    try {
      outcomes.push(await pruneOne(folder, dryRun, terminal));
    } catch (error) {
      if (!(error instanceof TitlesmithError)) throw error;
      // A run that another process writes, or that is damaged, is left as it is, and no obstacle to the others.
      outcomes.push({ folder, bytes: 0, files: [], skipped: error.toLine() });
      if (error.code !== 'run-locked') exitCode = exitCodes.failed;
    }
  }
  const bytes = outcomes.reduce((sum, outcome) => sum + outcome.bytes, 0);
  const rows = outcomes
    .filter((outcome) => outcome.bytes > 0 || outcome.skipped !== undefined)
    .map(({ folder, bytes: own, files, skipped }) =>
      skipped === undefined ? [folder, formatBytes(own), files.join(', ')] : [folder, '', skipped],
    );
  const what = dryRun ? 'would be freed' : 'freed';
  const total =
    runs.size === 0
      ? `No runs in ${named.join(', ')}.`
      : `${formatBytes(bytes)} ${what} in ${pluralize(runs.size, 'run')}.`;
  const table = rows.length === 0 ? [] : [...textTable(rows, ['left', 'right']), ''];
  terminal.result([...table, total], { dryRun, runs: outcomes, bytes });
  return exitCode;
}

interface Place {
  readonly folder: string;
  /** The run itself was named, not a folder that it is in. */
  readonly isNamed: boolean;
}

/** The run at a place, or the runs in it. */
async function runsAt(place: string, isDefault: boolean): Promise<readonly Place[]> {
  if (existsSync(join(place, manifestFileName))) return [{ folder: join(place), isNamed: true }];
  if (!isDefault && !existsSync(place)) throw missingRun(place);
  return (await listRuns(place)).map(({ folder }) => ({ folder, isNamed: false }));
}

async function pruneOne(folder: string, dryRun: boolean, terminal: Terminal): Promise<Outcome> {
  if (!dryRun) return { folder, ...(await pruneRun(folder, (event) => terminal.show(event))) };
  await checkPrunable(folder);
  return { folder, ...(await findPrunable(folder)) };
}
