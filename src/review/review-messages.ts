/** JSON messages between the review's page and its server. */

/** An output as sent to the page. */
export interface ReviewItem {
  /** The output's own index. */
  readonly index: number;
  readonly text: string;
  readonly rating: number;
  /** The training title most like it; for a repeat the earlier output. */
  readonly matched: string;
  /** The other training title of a glued copy. */
  readonly second: string;
  /** Words in which `text` and `matched` differ, in runs (src/report/differences.ts); one run where marks would tell nothing. */
  readonly runs: readonly number[];
  /** Why dedupe rejected it; empty when it did not. */
  readonly reason: string;
  readonly evidence: string;
  /** Why it cannot be kept, whatever is decided; empty for one that can. */
  readonly impossible: string;
}

/** What a person can say of an output: `seen` leaves it as dedupe has it. */
export const decisionNames = ['keep', 'refuse', 'seen'] as const;
export type DecisionName = (typeof decisionNames)[number];

/** The state of an output, which decisions change. */
export interface ItemState {
  readonly index: number;
  /** Empty: nobody has decided it or called it seen. */
  readonly decision: DecisionName | '';
  readonly kept: boolean;
  /** Sequence number of the latest decision or undo; 0: none yet. */
  readonly sequence: number;
}

/** Progress of the review, in outputs. */
export interface Progress {
  /** Those that can be kept; the others count nowhere but in `impossible`. */
  readonly total: number;
  /** Kept or refused by a person. */
  readonly decided: number;
  readonly seen: number;
  readonly kept: number;
  readonly impossible: number;
  /** Sequence number of the latest decision or undo on any output; 0: none yet. */
  readonly sequence: number;
}

/** Which outputs: those that cannot be kept are in `impossible` alone; `open` are neither decided nor seen. */
export const showFilters = ['open', 'seen', 'decided', 'kept', 'refused', 'all', 'impossible'] as const;

/**
 * `doubt`: the rating nearest to the threshold from which a text counts as a near copy comes first. `closeness`: the
 * highest rating. `index`: as generated.
 */
export const itemOrders = ['doubt', 'closeness', 'index'] as const;

/** Chooses outputs. */
export interface ItemFilter {
  readonly show: (typeof showFilters)[number];
  /** A reason, `accepted`, or empty for any. */
  readonly reason: string;
  /** Found in the text, the matched titles or the evidence, ignoring case. */
  readonly search: string;
}

/** The query of `GET items`. */
export interface ItemQuery extends ItemFilter {
  readonly order: (typeof itemOrders)[number];
  /** Only outputs at a higher place; -1 for all. */
  readonly after: number;
  readonly limit: number;
}

/** An output with its state, and its place in the order asked for, from 0. */
export type PlacedItem = ReviewItem & ItemState & { readonly place: number };

/** The answer of `GET items`. */
export interface ItemList {
  /** Number of outputs that match the query, sent or not. */
  readonly found: number;
  readonly items: readonly PlacedItem[];
  readonly progress: Progress;
}

/** The body of `POST decisions`. */
export interface DecisionRequest {
  readonly index: number;
  readonly decision: DecisionName;
  /** {@link ItemState.sequence} that the person saw. */
  readonly seen: number;
  /** Id that the browser window chose. */
  readonly window: string;
}

/** The body of `POST groups`: one decision on all outputs of a filter, which one undo takes back. */
export interface GroupRequest extends ItemFilter {
  readonly decision: DecisionName;
  /** {@link Progress.sequence} that the person saw. */
  readonly seen: number;
  readonly window: string;
}

/** The body of `POST undo`. */
export interface UndoRequest {
  readonly window: string;
}

/** The answer of `POST decisions`, `POST groups` and `POST undo`, and an event of `GET changes`. */
export interface Change {
  /** Of all outputs that changed, at least one. */
  readonly states: readonly ItemState[];
  readonly progress: Progress;
  readonly window: string;
}

/** Fields of a 409 answer next to `error`. */
export interface ConflictBody {
  /** The current state of the output, if it is about one. */
  readonly state?: ItemState | undefined;
}
