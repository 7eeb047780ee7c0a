import type { RejectionReason, Verdict } from '../common/judgement.js';
import { checkArgument, hasItems } from '../options/call-arguments.js';

/** A person's decision on an output; `none`: taken back, so that dedupe's verdict counts again. */
const decisions = ['keep', 'refuse', 'none'] as const;
type Decision = (typeof decisions)[number];

/** A line of decisions.jsonl. Fields that are not known to a titlesmith are left aside by it. */
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
  /** With `none`: a person has looked at it, and left it as dedupe has it. */
  readonly seen?: true;
  /** Sequence number of the entry that this one takes back. */
  readonly undoes?: number;
  /** First and last sequence number of the entries that were decided at once: they count together, or not at all. */
  readonly group?: { readonly from: number; readonly to: number };
}

/** Whether a value is a valid entry for line `number` (from 1) of the file. */
export function isDecisionEntry(value: unknown, number: number): value is DecisionEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { sequence, at, window, index, text, decision, seen, undoes, group } =
    value as Partial<DecisionEntry>;
  return (
    sequence === number &&
    [at, window, text].every((field) => typeof field === 'string') &&
    Number.isSafeInteger(index) &&
    decisions.some((known) => known === decision) &&
    (seen === undefined || (seen === true && decision === 'none')) &&
    (undoes === undefined || (Number.isSafeInteger(undoes) && undoes > 0 && undoes < number)) &&
    (group === undefined || isGroupAround(group, number))
  );
}

function isGroupAround(group: unknown, number: number): boolean {
  if (typeof group !== 'object' || group === null) return false;
  const { from, to } = group as Partial<NonNullable<DecisionEntry['group']>>;
  return (
    Number.isSafeInteger(from) && Number.isSafeInteger(to) && from! > 0 && from! <= number && to! >= number
  );
}

/**
 * The entries that count: without those of a group at the end that lacks its last ones. A crash cut it short, and it was
 * never confirmed to anyone.
 */
export function wholeEntries(entries: readonly DecisionEntry[]): readonly DecisionEntry[] {
  const last = entries.at(-1)?.group;
  if (last === undefined || last.to <= entries.length) return entries;
  const isBefore = ({ group }: DecisionEntry) => group?.from !== last.from || group.to !== last.to;
  return entries.slice(0, entries.findLastIndex(isBefore) + 1);
}

/** An output with dedupe's verdict and a person's decision. */
export interface ReviewedOutput {
  readonly verdict: Verdict;
  /** The latest decision that was not taken back. */
  readonly decision: 'keep' | 'refuse' | undefined;
  /** Whether it is among the accepted titles, by the person's decision, else by dedupe's verdict. */
  readonly kept: boolean;
}

/** Why a text cannot be kept, whatever a person decides, for each reason that has this effect. */
const impossible: Partial<Record<RejectionReason, string>> = {
  blank: 'there is nothing to read',
  'broken text': 'accepted.txt holds one title a line, of characters that can be shown',
  canary: 'it was invented to test what the model remembers, and is no title',
};

/** Why an output cannot be kept; undefined for one that can. */
export function whyNotKeepable({ reason }: Verdict): string | undefined {
  return reason === undefined ? undefined : impossible[reason];
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
  return { verdict, decision, kept: accepted && whyNotKeepable(verdict) === undefined };
}
