import type { Verdict } from '../common/judgement.js';

/** What a person says of an output; `none`: nothing any more, the verdict of dedupe holds. */
export const decisions = ['keep', 'refuse', 'none'] as const;
export type Decision = (typeof decisions)[number];

/** A line of decisions.jsonl. */
export interface DecisionEntry {
  /** From 1, one more each line. */
  readonly sequence: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The browser window it was decided in. */
  readonly window: string;
  /** The output's own index and text: both must fit, or the decision is about another run's output. */
  readonly index: number;
  readonly text: string;
  readonly decision: Decision;
  /** The entry that this one takes back. */
  readonly undoes?: number;
}

/** Whether a value is the decision that a file's line of this number (from 1) may hold. */
export function isDecisionEntry(value: unknown, number: number): value is DecisionEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { sequence, at, window, index, text, decision, undoes } = value as Partial<DecisionEntry>;
  return (
    sequence === number &&
    [at, window, text].every((part) => typeof part === 'string') &&
    Number.isSafeInteger(index) &&
    decisions.some((known) => known === decision) &&
    (undoes === undefined || (Number.isSafeInteger(undoes) && undoes > 0 && undoes < number))
  );
}

/** An output, its verdict, and what a person made of it. */
export interface ReviewedOutput {
  readonly verdict: Verdict;
  /** The latest decision that still stands. */
  readonly decision: 'keep' | 'refuse' | undefined;
  /** Whether it is among the accepted titles: what a person decided, else what dedupe did. */
  readonly kept: boolean;
}

/** False for texts that cannot be a line of a list of titles: blank and broken ones. */
export function isKeepable(verdict: Verdict): boolean {
  return verdict.reason !== 'blank' && verdict.reason !== 'broken text';
}

/** Applies decisions to verdicts. Decisions about outputs of another text are left aside. */
export function applyDecisions(
  verdicts: readonly Verdict[],
  entries: readonly DecisionEntry[],
): ReviewedOutput[] {
  const latest = new Map(entries.map((entry) => [entry.index, entry]));
  return verdicts.map((verdict) => {
    const entry = latest.get(verdict.index);
    const decided = entry?.text === verdict.text && entry.decision !== 'none' ? entry.decision : undefined;
    return reviewed(verdict, decided);
  });
}

/** One output with the decision that stands. */
export function reviewed(verdict: Verdict, decision: 'keep' | 'refuse' | undefined): ReviewedOutput {
  const accepted = decision === undefined ? verdict.reason === undefined : decision === 'keep';
  return { verdict, decision, kept: accepted && isKeepable(verdict) };
}
