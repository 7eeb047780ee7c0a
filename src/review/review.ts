import { TitlesmithError } from '../common/errors.js';
import type { Verdict } from '../common/judgement.js';
import {
  applyDecisions,
  type DecisionEntry,
  isKeepable,
  type ReviewedOutput,
  reviewed,
} from '../dedupe/decisions.js';
import { findDifferences } from '../report/differences.js';
import { visible } from '../web/html.js';
import type { DecisionLog } from './decision-log.js';
import type {
  Change,
  DecisionRequest,
  ItemList,
  ItemQuery,
  ItemState,
  Progress,
  ReviewItem,
  UndoRequest,
} from './review-messages.js';

/** What is reviewed. */
export interface ReviewInput {
  readonly runName: string;
  /** The run folder: decisions.jsonl, accepted.txt and rejected.csv are written there. */
  readonly folder: string;
  readonly verdicts: readonly Verdict[];
  /** Whether accepted.txt and rejected.csv are of titles or options as they were earlier. */
  readonly isStale?: boolean;
  /** Called once decisions have changed accepted.txt and rejected.csv. */
  readonly recordLists?: () => Promise<void>;
  /** Path of report.html; undefined if there is none. */
  readonly reportPath: string | undefined;
}

/**
 * A decision that is too late or impossible: another window was faster, or there is nothing to undo.
 */
export class ReviewConflict extends TitlesmithError {
  constructor(
    message: string,
    /** The current state of the output, if there is one. */
    readonly state: ItemState | undefined,
  ) {
    super(message, { code: 'review-conflict' });
  }
}

interface Entry {
  output: ReviewedOutput;
  readonly item: ReviewItem;
  /** The text that is searched, in lower case. */
  readonly searched: string;
  sequence: number;
}

/**
 * The outputs of a run and the decisions on them. Each decision is on disk before it counts; {@link onChange} then
 * notifies the windows.
 */
export class Review {
  /** Called after every decision. */
  onChange: (change: Change) => void = () => {};
  /** Closest to a training title first, as those need a person most. */
  private readonly order: readonly Entry[];
  private readonly byIndex: ReadonlyMap<number, Entry>;

  constructor(
    { verdicts }: ReviewInput,
    private readonly log: DecisionLog,
  ) {
    const outputs = applyDecisions(verdicts, log.entries);
    const latest = new Map(log.entries.map((entry) => [entry.index, entry]));
    const sorted = [...outputs].sort(
      (a, b) => b.verdict.rating - a.verdict.rating || a.verdict.index - b.verdict.index,
    );
    this.order = sorted.map((output, place) => {
      const last = latest.get(output.verdict.index);
      const item = describe(output, place);
      const searched = [item.text, item.matched, item.second, item.evidence].join('\n').toLowerCase();
      return { output, item, searched, sequence: last?.text === output.verdict.text ? last.sequence : 0 };
    });
    this.byIndex = new Map(this.order.map((entry) => [entry.item.index, entry]));
  }

  /** All outputs in the order they were generated, in their current state. */
  get outputs(): readonly ReviewedOutput[] {
    return this.order.map(({ output }) => output).sort((a, b) => a.verdict.index - b.verdict.index);
  }

  get progress(): Progress {
    const decided = this.order.filter(({ output }) => output.decision !== undefined).length;
    const kept = this.order.filter(({ output }) => output.kept).length;
    return { total: this.order.length, decided, kept };
  }

  /** The reasons that occur, `accepted` for none, with their counts, the most frequent first. */
  get reasons(): readonly { readonly name: string; readonly count: number }[] {
    const counts = new Map<string, number>();
    for (const { item } of this.order) {
      const name = item.reason || 'accepted';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
  }

  /** Outputs that match a query, in the order of review, and how many match in all. */
  find(query: ItemQuery): Omit<ItemList, 'progress'> {
    const searchText = query.search.toLowerCase();
    const matching = this.order.filter(
      ({ output, item, searched }) =>
        isShown(output, query.show) &&
        (query.reason === '' || (item.reason || 'accepted') === query.reason) &&
        searched.includes(searchText),
    );
    const items = matching.filter(({ item }) => item.place > query.after).slice(0, query.limit);
    return { found: matching.length, items: items.map((entry) => ({ ...entry.item, ...stateOf(entry) })) };
  }

  /**
   * Keeps or refuses an output.
   * @throws ReviewConflict when it has changed since, is unknown, or cannot be kept; TitlesmithError when
   * the decision cannot be written. Nothing has changed then.
   */
  async decide({ index, decision, seen, window }: DecisionRequest): Promise<Change> {
    const entry = this.byIndex.get(index);
    if (!entry) throw new ReviewConflict(`There is no output ${index}.`, undefined);
    if (decision === 'keep' && !isKeepable(entry.output.verdict)) {
      throw new ReviewConflict('This text cannot be a title.', stateOf(entry));
    }
    const { text } = entry.output.verdict;
    return this.write(() => {
      if (entry.sequence !== seen)
        throw new ReviewConflict('It was decided in another window.', stateOf(entry));
      return { at: new Date().toISOString(), window, index, text, decision };
    });
  }

  /**
   * Takes back the last decision of a window that still stands.
   * @throws ReviewConflict when there is none, or another window has decided the same output since.
   */
  async undo({ window }: UndoRequest): Promise<Change> {
    return this.write(() => {
      const last = lastStanding(this.log.entries, window, (entry) => this.entryOf(entry) !== undefined);
      if (!last) throw new ReviewConflict('There is nothing to take back in this window.', undefined);
      const entry = this.entryOf(last)!;
      const isLater = ({ index, sequence }: DecisionEntry) =>
        index === last.index && sequence > last.sequence;
      if (this.log.entries.some((later) => isLater(later) && later.window !== window)) {
        throw new ReviewConflict('It was decided in another window since.', stateOf(entry));
      }
      const { index, text, sequence } = last;
      const decision = decisionBefore(this.log.entries, last);
      return { at: new Date().toISOString(), window, index, text, decision, undoes: sequence };
    });
  }

  private entryOf({ index, text }: DecisionEntry): Entry | undefined {
    const entry = this.byIndex.get(index);
    return entry?.output.verdict.text === text ? entry : undefined;
  }

  private async write(make: () => Omit<DecisionEntry, 'sequence'>): Promise<Change> {
    const written = (await this.log.add(make))!;
    const entry = this.byIndex.get(written.index)!;
    const { decision } = written;
    entry.output = reviewed(entry.output.verdict, decision === 'none' ? undefined : decision);
    entry.sequence = written.sequence;
    const change = { state: stateOf(entry), progress: this.progress, window: written.window };
    this.onChange(change);
    return change;
  }
}

function describe({ verdict }: ReviewedOutput, place: number): ReviewItem {
  const { first, second, runs } = findDifferences(verdict.text, verdict.repeats ?? verdict.matched ?? '');
  return {
    index: verdict.index,
    place,
    text: first.join(' '),
    rating: verdict.rating,
    matched: second.join(' '),
    second: visible(verdict.second ?? ''),
    runs,
    reason: verdict.reason ?? '',
    evidence: verdict.evidence ?? '',
    keepable: isKeepable(verdict),
  };
}

function stateOf({ output, item, sequence }: Entry): ItemState {
  return { index: item.index, decision: output.decision ?? '', kept: output.kept, sequence };
}

function isShown({ decision, kept }: ReviewedOutput, show: ItemQuery['show']): boolean {
  switch (show) {
    case 'all':
      return true;
    case 'undecided':
      return decision === undefined;
    case 'decided':
      return decision !== undefined;
    case 'kept':
      return kept;
    case 'refused':
      return !kept;
  }
}

/** The last decision of a window that is not an undo and was not undone. */
function lastStanding(
  entries: readonly DecisionEntry[],
  window: string,
  isKnown: (entry: DecisionEntry) => boolean,
): DecisionEntry | undefined {
  const takenBack = new Set(entries.map(({ undoes }) => undoes));
  return entries.findLast(
    (entry) =>
      entry.window === window &&
      entry.undoes === undefined &&
      !takenBack.has(entry.sequence) &&
      isKnown(entry),
  );
}

/** The decision on an output before an entry. */
function decisionBefore(entries: readonly DecisionEntry[], last: DecisionEntry): DecisionEntry['decision'] {
  const earlier = entries.findLast(
    ({ sequence, index, text }) => sequence < last.sequence && index === last.index && text === last.text,
  );
  return earlier?.decision ?? 'none';
}
