import type { DecisionEntry } from './decision-log.js';
import type { Verdict } from './dedupe.js';

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
