import { TitlesmithError } from '../common/errors.js';
import type { Verdict } from '../common/judgement.js';
import { applyDecisions, type DecisionEntry, type ReviewedOutput, reviewed } from '../dedupe/decisions.js';
import { entriesBefore, lastStanding } from './decision-history.js';
import type { DecisionLog, NewDecision } from './decision-log.js';
import { inOrders, isShown, toReviewItem } from './review-item.js';
import type {
  Change,
  DecisionName,
  DecisionRequest,
  GroupRequest,
  ItemFilter,
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
  /** Rating from which a text counts as a near copy, by the rules of the verdicts. */
  readonly threshold: number;
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
  /** Whether a person looked at it and left it as it is. */
  isSeen: boolean;
  sequence: number;
}

/**
 * The outputs of a run and the decisions on them. Each decision is on disk before it counts; {@link onChange} then
 * notifies the windows.
 */
export class Review {
  /** Called after every decision. @param isDecisionChanged false where outputs were only seen. */
  onChange: (change: Change, isDecisionChanged: boolean) => void = () => {};
  /** As generated. */
  private readonly entries: readonly Entry[];
  private readonly byIndex: ReadonlyMap<number, Entry>;
  private readonly orders: Readonly<Record<ItemQuery['order'], readonly Entry[]>>;
  /** Decisions of earlier reviews. */
  private readonly earlier: number;

  constructor(
    { verdicts, threshold }: ReviewInput,
    private readonly log: DecisionLog,
  ) {
    this.earlier = log.entries.length;
    const latest = new Map(log.entries.map((entry) => [entry.index, entry]));
    this.entries = applyDecisions(verdicts, log.entries).map((output) => {
      const { verdict } = output;
      const item = toReviewItem(verdict);
      const searched = [item.text, item.matched, item.second, item.evidence].join('\n').toLowerCase();
      const last = latest.get(verdict.index);
      const known = last?.text === verdict.text ? last : undefined;
      return { output, item, searched, isSeen: known?.seen === true, sequence: known?.sequence ?? 0 };
    });
    this.byIndex = new Map(this.entries.map((entry) => [entry.item.index, entry]));
    this.orders = inOrders(this.entries, threshold);
  }

  /** All outputs in the order they were generated, in their current state. */
  get outputs(): readonly ReviewedOutput[] {
    return this.orders.index.map(({ output }) => output);
  }

  get progress(): Progress {
    const possible = this.entries.filter(({ item }) => item.impossible === '');
    const count = (holds: (entry: Entry) => boolean): number => possible.filter(holds).length;
    return {
      total: possible.length,
      decided: count(({ output }) => output.decision !== undefined),
      seen: count(({ isSeen }) => isSeen),
      kept: count(({ output }) => output.kept),
      impossible: this.entries.length - possible.length,
      sequence: this.log.entries.length,
    };
  }

  /** The reasons that occur, `accepted` for none, with their counts, the most frequent first. */
  get reasons(): readonly { readonly name: string; readonly count: number }[] {
    const counts = new Map<string, number>();
    for (const { item } of this.entries) {
      const name = item.reason || 'accepted';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
  }

  /** Outputs that match a query, in the order asked for, and how many match in all. */
  find(query: ItemQuery): Omit<ItemList, 'progress'> {
    const isMatching = matcher(query);
    const placed = this.orders[query.order].map((entry, place) => ({ entry, place }));
    const matching = placed.filter(({ entry }) => isMatching(entry));
    const items = matching.filter(({ place }) => place > query.after).slice(0, query.limit);
    return {
      found: matching.length,
      items: items.map(({ entry, place }) => ({ ...entry.item, ...stateOf(entry), place })),
    };
  }

  /**
   * Keeps or refuses an output, or calls it seen, which takes a decision back.
   * @throws ReviewConflict when it has changed since, is unknown, or cannot be kept; TitlesmithError when
   * the decision cannot be written. Nothing has changed then.
   */
  async decide({ index, decision, seen, window }: DecisionRequest): Promise<Change> {
    const entry = this.byIndex.get(index);
    if (!entry) throw new ReviewConflict(`There is no output ${index}.`, undefined);
    const { impossible } = entry.item;
    if (impossible !== '')
      throw new ReviewConflict(`This text cannot be kept: ${impossible}.`, stateOf(entry));
    return this.write(() => {
      if (entry.sequence !== seen)
        throw new ReviewConflict('It was decided in another window.', stateOf(entry));
      return [newDecision(entry, decision, window)];
    });
  }

  /**
   * The same decision on all outputs of a filter that can be kept and have another one; one undo takes it back.
   * @throws ReviewConflict when anything was decided that the person has not seen, or there is nothing to decide;
   * TitlesmithError when the decisions cannot be written. Nothing has changed then.
   */
  async decideAll({ decision, seen, window, ...filter }: GroupRequest): Promise<Change> {
    const isMatching = matcher(filter);
    return this.write(() => {
      if (this.log.entries.length !== seen)
        throw new ReviewConflict('Something was decided in another window: look again.', undefined);
      const others = this.entries.filter(
        (entry) => entry.item.impossible === '' && stateOf(entry).decision !== decision && isMatching(entry),
      );
      if (others.length === 0) throw new ReviewConflict('There is nothing here to decide.', undefined);
      return others.map((entry) => newDecision(entry, decision, window));
    });
  }

  /**
   * Takes back the last decision of a window that still stands, or those made at once with it. A window that has none takes
   * back the last of an earlier review.
   * @throws ReviewConflict when there is none, or another window has decided the same output since.
   */
  async undo({ window }: UndoRequest): Promise<Change> {
    return this.write(() => {
      const isKnown = (entry: DecisionEntry): boolean => this.entryOf(entry) !== undefined;
      const { earlier } = this;
      const { entries, overruled } = lastStanding(this.log.entries, { window, earlier, isKnown });
      const [first] = overruled;
      if (entries.length === 0 && first)
        throw new ReviewConflict('It was decided in another window since.', stateOf(this.entryOf(first)!));
      if (entries.length === 0)
        throw new ReviewConflict('There is nothing to take back in this window.', undefined);
      const before = entriesBefore(this.log.entries, entries);
      const at = new Date().toISOString();
      return entries.map(({ index, text, sequence }, place) => {
        const { decision = 'none', seen } = before[place] ?? {};
        return { at, window, index, text, decision, ...(seen ? { seen } : {}), undoes: sequence };
      });
    });
  }

  private entryOf({ index, text }: DecisionEntry): Entry | undefined {
    const entry = this.byIndex.get(index);
    return entry?.output.verdict.text === text ? entry : undefined;
  }

  private async write(make: () => readonly NewDecision[]): Promise<Change> {
    const written = await this.log.add(make);
    let isDecisionChanged = false;
    const states = written.map(({ index, decision, seen, sequence }) => {
      const entry = this.byIndex.get(index)!;
      const before = entry.output.decision;
      entry.output = reviewed(entry.output.verdict, decision === 'none' ? undefined : decision);
      entry.isSeen = seen === true;
      entry.sequence = sequence;
      isDecisionChanged ||= entry.output.decision !== before;
      return stateOf(entry);
    });
    const change = { states, progress: this.progress, window: written[0]!.window };
    this.onChange(change, isDecisionChanged);
    return change;
  }
}

function matcher(filter: ItemFilter): (entry: Entry) => boolean {
  const search = filter.search.toLowerCase();
  return (entry) => isShown(entry.item, stateOf(entry), filter) && entry.searched.includes(search);
}

function stateOf({ output, item, isSeen, sequence }: Entry): ItemState {
  const decision = output.decision ?? (isSeen ? 'seen' : '');
  return { index: item.index, decision, kept: output.kept, sequence };
}

function newDecision({ output }: Entry, decision: DecisionName, window: string): NewDecision {
  const { index, text } = output.verdict;
  const made = decision === 'seen' ? ({ decision: 'none', seen: true } as const) : { decision };
  return { at: new Date().toISOString(), window, index, text, ...made };
}
