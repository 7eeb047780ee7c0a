import { formatCount } from '../../common/number-formats.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { readClientBundle } from '../../io/client-bundle.js';
import { type ComparedRuns, compareRuns } from '../../pipeline/overview/compare-runs.js';
import { renderComparison } from '../../report/comparison/comparison-page.js';
import { findingInWords, intervalInWords, pairedMethod } from '../../report/sections/paired-differences.js';
import { checkComparisonPage } from '../comparison-file.js';
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
  if (page !== undefined) checkComparisonPage(page);
  const compared = await compareRuns(folders, { withCurves: page !== undefined });
  if (page !== undefined)
    await writeFileAtomic(page, renderComparison(compared, readClientBundle('comparison.css')));
  const { details, same, differences } = compared;
  terminal.result([...linesOf(compared), ...(page === undefined ? [] : ['', `page: ${page}`])], {
    runs: details.map(({ folder, manifest, counts, seconds, accepted, options, stale }) => ({
      name: manifest.name,
      folder,
      decisions: manifest.decisions,
      counts,
      seconds,
      accepted,
      options,
      ...(stale.length > 0 ? { stale } : {}),
    })),
    same,
    differences: differences.map(({ name, against, titles, bits, reason }) => ({
      run: name,
      against,
      ...(bits ? { titles, bitsPerByte: bits } : { reason }),
    })),
    ...(page === undefined ? {} : { page }),
  });
  return exitCodes.done;
}

function linesOf({ runs, figures, options, notes, differences }: ComparedRuns): string[] {
  const rows = [
    ['', ...runs.map(({ name }) => name)],
    ...[...figures, ...options].map(([label, values]) => [label, ...values.map((value) => value ?? '–')]),
  ];
  return [
    ...textTable(rows, ['left', ...runs.map(() => 'right' as const)]),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    ...pairedLines(differences),
    ...runs.flatMap(({ name, accepted }) =>
      accepted.length === 0 ? [] : ['', `${name}:`, ...accepted.map((title) => `  ${title}`)],
    ),
  ];
}

/** How well each run predicts the same held-out titles beside the first; nothing where no run knows losses of single titles. */
function pairedLines(differences: ComparedRuns['differences']): string[] {
  const [first] = differences;
  if (!first) return [];
  const lines = differences.map(({ name, titles, bits, reason }) =>
    bits
      ? `  ${name}: ${findingInWords(bits)} (${intervalInWords(bits)}; ${formatCount(titles)} titles)`
      : `  ${name}: not compared, as ${reason}`,
  );
  return [
    '',
    `held-out titles one by one, loss in bits a byte less that of ${first.against}:`,
    ...lines,
    pairedMethod,
  ];
}
