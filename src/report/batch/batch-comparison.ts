import type { ShareDifference } from '../../common/judgement.js';
import { formatCount, formatPercent, formatPoints } from '../../common/number-formats.js';
import { verdictWords } from '../verdict-words.js';
import type { BatchRecord, BatchRunRecord } from './batch-record.js';

/** A run of two batches, matched by its name; undefined where a batch has none of that name. */
export interface MatchedRun {
  readonly name: string;
  readonly before: BatchRunRecord | undefined;
  readonly after: BatchRunRecord | undefined;
  /** The share of copies after less that before, with its 95% interval; undefined where one is not known. */
  readonly copies: ShareDifference | undefined;
}

/** Two batches, run by run: those of the later one in its order, then those that only the earlier one has. */
export interface BatchComparison {
  readonly before: BatchRecord;
  readonly after: BatchRecord;
  readonly runs: readonly MatchedRun[];
}

/** How the change of the share of copies is computed. */
export const copiesMethod =
  'A change of copies has the 95% interval of a difference of two shares (Newcombe 1998); where that holds 0, it may be chance. ' +
  'Bits a byte of other held-out titles are no measure of a change: titlesmith compare pairs the titles of two runs.';

/** What is compared of a run. */
interface ComparedFigure {
  readonly heading: string;
  /** What a run says; `–` where it does not. */
  readonly read: (run: BatchRunRecord | undefined) => string;
}

const figure = (
  heading: string,
  name: 'bitsPerByte' | 'copyShare' | 'accepted',
  show: (value: number) => string,
): ComparedFigure => ({
  heading,
  read: (run) => {
    const value = run?.figures?.[name];
    return typeof value === 'number' ? show(value) : '–';
  },
});

export const comparedFigures: readonly ComparedFigure[] = [
  { heading: 'Model', read: stateInWords },
  figure('Bits a byte', 'bitsPerByte', (bits) => bits.toFixed(3)),
  figure('Copies', 'copyShare', formatPercent),
  figure('Accepted', 'accepted', formatCount),
];

function stateInWords(run: BatchRunRecord | undefined): string {
  if (!run) return 'not in it';
  const verdict = run.figures?.verdict;
  if (run.status !== 'done' && run.status !== 'overfit') return run.status;
  return verdict ? verdictWords[verdict] : 'done';
}

/** `a → b`, or what both say. */
export function changeInWords({ before, after }: MatchedRun, { read }: ComparedFigure): string {
  const [was, is] = [read(before), read(after)];
  return was === is ? is : `${was} → ${is}`;
}

/** Whether the share of copies changed by more than chance explains, in words; empty where that is not known. */
export function copiesInWords({ copies }: MatchedRun): string {
  if (!copies) return '';
  const { share, low, high } = copies;
  const interval = `${formatPoints(share)} points, 95% from ${formatPoints(low)} to ${formatPoints(high)}`;
  if (high < 0) return `fewer copies: ${interval}`;
  return low > 0 ? `more copies: ${interval}` : `no change beyond chance: ${interval}`;
}

/** How many runs are in both, and how many in one alone, in words. */
export function matchesInWords({ runs }: BatchComparison): string {
  const both = runs.filter(({ before, after }) => before && after).length;
  const [gone, fresh] = [
    runs.filter(({ after }) => !after).length,
    runs.filter(({ before }) => !before).length,
  ];
  const parts = [
    `${formatCount(both)} of ${formatCount(runs.length)} runs are in both`,
    ...(gone > 0 ? [`${formatCount(gone)} only in the earlier`] : []),
    ...(fresh > 0 ? [`${formatCount(fresh)} only in the later`] : []),
  ];
  return `${parts.join(', ')}, by their names.`;
}
