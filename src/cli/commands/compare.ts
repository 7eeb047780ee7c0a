import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { usageError } from '../../common/errors.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { readClientBundle } from '../../io/client-bundle.js';
import { type ComparedRuns, compareRuns } from '../../pipeline/overview/compare-runs.js';
import { renderComparison } from '../../report/comparison/comparison-page.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { CompareOptions } from '../parsing/request.js';
import type { Terminal } from '../terminal.js';
import { textTable } from '../text-table.js';

/** Prints runs side by side: what they are of, how well they learned, what they recite, where their options differ. */
export async function compareCommand(
  folders: readonly string[],
  { page }: CompareOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (page !== undefined) checkPage(page);
  const compared = await compareRuns(folders);
  if (page !== undefined)
    await writeFileAtomic(page, renderComparison(compared, readClientBundle('comparison.css')));
  const { details, same } = compared;
  terminal.result([...linesOf(compared), ...(page === undefined ? [] : ['', `page: ${page}`])], {
    runs: details.map(({ folder, manifest, counts, seconds, accepted, options }) => ({
      name: manifest.name,
      folder,
      decisions: manifest.decisions,
      counts,
      seconds,
      accepted,
      options,
    })),
    same,
    ...(page === undefined ? {} : { page }),
  });
  return exitCodes.done;
}

/** Only a page is replaced by a page: a mistyped name must not cost another file. */
function checkPage(path: string): void {
  if (!/\.html?$/i.test(path))
    throw usageError(`--page got ${JSON.stringify(path)}, which is no name of a page.`, 'End it in .html.');
  if (existsSync(path) && !statSync(path).isFile())
    throw usageError(`--page got ${JSON.stringify(path)}, which is no file.`, 'Name a file.');
  if (!existsSync(dirname(path)))
    throw usageError(
      `--page got ${JSON.stringify(path)}, but there is no folder ${dirname(path)}.`,
      'Make it first.',
    );
}

function linesOf({ runs, figures, options, notes }: ComparedRuns): string[] {
  const rows = [
    ['', ...runs.map(({ name }) => name)],
    ...[...figures, ...options].map(([label, values]) => [label, ...values.map((value) => value ?? '–')]),
  ];
  return [
    ...textTable(rows, ['left', ...runs.map(() => 'right' as const)]),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    ...runs.flatMap(({ name, accepted }) =>
      accepted.length === 0 ? [] : ['', `${name}:`, ...accepted.map((title) => `  ${title}`)],
    ),
  ];
}
