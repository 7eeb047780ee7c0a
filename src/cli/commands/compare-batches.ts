import { compareBatches } from '../../batch/compare-batches.js';
import { writeFileAtomic } from '../../io/atomic-file.js';
import { readClientBundle } from '../../io/client-bundle.js';
import {
  changeInWords,
  comparedFigures,
  copiesInWords,
  copiesMethod,
  matchesInWords,
} from '../../report/batch/batch-comparison.js';
import { renderBatchComparison } from '../../report/batch/batch-comparison-page.js';
import { checkComparisonPage } from '../comparison-file.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import type { CompareOptions } from '../parsing/request.js';
import type { Terminal } from '../terminal.js';
import { textTable } from '../text-table.js';

interface BatchesToCompare {
  readonly before: string;
  readonly after: string;
  readonly options: CompareOptions;
}

/** Prints two batches run by run: what their models do, bits a byte, copies, accepted titles. */
export async function compareBatchesCommand(
  { before, after, options: { page } }: BatchesToCompare,
  terminal: Terminal,
): Promise<ExitCode> {
  if (page !== undefined) checkComparisonPage(page);
  const comparison = await compareBatches(before, after);
  if (page !== undefined)
    await writeFileAtomic(page, renderBatchComparison(comparison, readClientBundle('batch.css')));
  const { runs } = comparison;
  const rows = [
    ['run', ...comparedFigures.map(({ heading }) => heading.toLowerCase())],
    ...runs.map((run) => [run.name, ...comparedFigures.map((figure) => changeInWords(run, figure))]),
  ];
  const changes = runs.flatMap((run) => {
    const words = copiesInWords(run);
    return words === '' ? [] : [`  ${run.name}: ${words}`];
  });
  const lines = [
    ...textTable(
      rows,
      rows[0]!.map(() => 'left' as const),
    ),
    '',
    matchesInWords(comparison),
    ...(changes.length === 0 ? [] : ['', ...changes, copiesMethod]),
    ...(page === undefined ? [] : ['', `page: ${page}`]),
  ];
  const outcome = (run: (typeof runs)[number]['before']) =>
    run ? { status: run.status, figures: run.figures, refusals: run.refusals ?? null } : null;
  terminal.result(lines, {
    before: { file: comparison.before.file, startedAt: comparison.before.startedAt },
    after: { file: comparison.after.file, startedAt: comparison.after.startedAt },
    runs: runs.map((run) => ({
      name: run.name,
      before: outcome(run.before),
      after: outcome(run.after),
      copies: run.copies ?? null,
    })),
    ...(page === undefined ? {} : { page }),
  });
  return exitCodes.done;
}
