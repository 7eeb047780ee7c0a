import type { DecisionEntry } from '../dedupe/decisions.js';

/** Whose decision an undo takes back. */
interface Undoer {
  readonly window: string;
  /** Entries that stood in the log when the review was opened: decided in windows that are gone. */
  readonly earlier: number;
  /** Whether an entry is of an output of this run. */
  readonly isKnown: (entry: DecisionEntry) => boolean;
}

/** What an undo finds: the last decision that stands, with the others that were decided at once. Both empty: there is none. */
interface Undoable {
  /** Those that it takes back. */
  readonly entries: readonly DecisionEntry[];
  /** Those whose output another window has decided since. */
  readonly overruled: readonly DecisionEntry[];
}

/**
 * The last decision of a window that was not taken back; where it has none, the last of an earlier review, in whichever window
 * that was.
 */
export function lastStanding(log: readonly DecisionEntry[], { window, earlier, isKnown }: Undoer): Undoable {
  const takenBack = new Set(log.map(({ undoes }) => undoes));
  const standing = log.filter(
    (entry) => entry.undoes === undefined && !takenBack.has(entry.sequence) && isKnown(entry),
  );
  const last =
    standing.findLast((entry) => entry.window === window) ??
    standing.findLast(({ sequence }) => sequence <= earlier);
  if (last === undefined) return { entries: [], overruled: [] };
  const { group } = last;
  const atOnce = group ? standing.filter((entry) => entry.group?.from === group.from) : [last];
  const latest = new Map(standing.map((entry) => [entry.index, entry]));
  const isLatest = (entry: DecisionEntry): boolean => latest.get(entry.index) === entry;
  return { entries: atOnce.filter(isLatest), overruled: atOnce.filter((entry) => !isLatest(entry)) };
}

/** What stood before each of some entries, in their order; undefined: nothing. */
export function entriesBefore(
  log: readonly DecisionEntry[],
  entries: readonly DecisionEntry[],
): readonly (DecisionEntry | undefined)[] {
  const byIndex = new Map<number, DecisionEntry[]>();
  for (const entry of log) {
    const known = byIndex.get(entry.index);
    if (known) known.push(entry);
    else byIndex.set(entry.index, [entry]);
  }
  return entries.map(({ index, text, sequence }) =>
    byIndex.get(index)?.findLast((entry) => entry.sequence < sequence && entry.text === text),
  );
}
