import type { Verdict } from '../common/judgement.js';
import { checkArgument, hasItems } from '../options/call-arguments.js';

/** A person's decision on an output; `none`: taken back, so that dedupe's verdict counts again. */
const decisions = ['keep', 'refuse', 'none'] as const;
type Decision = (typeof decisions)[number];

/** A line of decisions.jsonl. */
export interface DecisionEntry {
  /** Counts lines from 1. */
  readonly sequence: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The browser window it was decided in. */
  readonly window: string;
  /** The output's index and text: unless both match, the decision is about another run's output. */
  readonly index: number;
  readonly text: string;
  readonly decision: Decision;
  /** Sequence number of the entry that this one takes back. */
  readonly undoes?: number;
}

/** Whether a value is a valid entry for line `number` (from 1) of the file. */
export function isDecisionEntry(value: unknown, number: number): value is DecisionEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { sequence, at, window, index, text, decision, undoes } = value as Partial<DecisionEntry>;
  return (
    sequence === number &&
    [at, window, text].every((field) => typeof field === 'string') &&
    Number.isSafeInteger(index) &&
    decisions.some((known) => known === decision) &&
    (undoes === undefined || (Number.isSafeInteger(undoes) && undoes > 0 && undoes < number))
  );
}

/** An output with dedupe's verdict and a person's decision. */
export interface ReviewedOutput {
  readonly verdict: Verdict;
  /** The latest decision that was not taken back. */
  readonly decision: 'keep' | 'refuse' | undefined;
  /** Whether it is among the accepted titles, by the person's decision, else by dedupe's verdict. */
  readonly kept: boolean;
}

/** False for blank and broken texts, which cannot be a line of accepted.txt, and for canaries, which are no titles. */
export function isKeepable({ reason }: Verdict): boolean {
  return reason !== 'blank' && reason !== 'broken text' && reason !== 'canary';
}

/** Applies decisions to verdicts. Decisions about another text are ignored. */
export function applyDecisions(
  verdicts: readonly Verdict[],
  entries: readonly DecisionEntry[],
): ReviewedOutput[] {
  checkArgument('applyDecisions', 'verdicts', verdicts, hasItems('verdicts', 'index', 'text'));
  checkArgument('applyDecisions', 'entries', entries, hasItems('decisions', 'index', 'decision'));
  const latest = new Map(entries.map((entry) => [entry.index, entry]));
  return verdicts.map((verdict) => {
    const entry = latest.get(verdict.index);
    const decided = entry?.text === verdict.text && entry.decision !== 'none' ? entry.decision : undefined;
    return reviewed(verdict, decided);
  });
}

/** An output with its current decision. */
export function reviewed(verdict: Verdict, decision: 'keep' | 'refuse' | undefined): ReviewedOutput {
  const accepted = decision === undefined ? verdict.reason === undefined : decision === 'keep';
  return { verdict, decision, kept: accepted && isKeepable(verdict) };
}
