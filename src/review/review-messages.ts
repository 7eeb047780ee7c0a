/** JSON messages between the review's page and its server. */

/** An output as sent to the page. */
export interface ReviewItem {
  /** The output's own index. */
  readonly index: number;
  /** Position in the order of review, from 0. */
  readonly place: number;
  readonly text: string;
  readonly rating: number;
  /** The training title most like it; for a repeat the earlier output. */
  readonly matched: string;
  /** The other training title of a glued copy. */
  readonly second: string;
  /** Words in which `text` and `matched` differ, in runs (src/report/differences.ts). */
  readonly runs: readonly number[];
  /** Why dedupe rejected it; empty when it did not. */
  readonly reason: string;
  readonly evidence: string;
  /** False for texts that cannot be kept. */
  readonly keepable: boolean;
}

/** The state of an output, which decisions change. */
export interface ItemState {
  readonly index: number;
  readonly decision: 'keep' | 'refuse' | '';
  readonly kept: boolean;
  /** Sequence number of the latest decision or undo; 0: none yet. */
  readonly sequence: number;
}

/** Progress of the review, in outputs. */
export interface Progress {
  readonly total: number;
  readonly decided: number;
  readonly kept: number;
}

/** The query of `GET items`. */
export interface ItemQuery {
  readonly show: (typeof showFilters)[number];
  /** A reason, `accepted`, or empty for any. */
  readonly reason: string;
  /** Found in the text, the matched titles or the evidence, ignoring case. */
  readonly search: string;
  /** Only outputs at a higher position; -1 for all. */
  readonly after: number;
  readonly limit: number;
}

export const showFilters = ['undecided', 'all', 'decided', 'kept', 'refused'] as const;

/** The answer of `GET items`. */
export interface ItemList {
  /** Number of outputs that match the query, sent or not. */
  readonly found: number;
  readonly items: readonly (ReviewItem & ItemState)[];
  readonly progress: Progress;
}

/** The body of `POST decisions`. */
export interface DecisionRequest {
  readonly index: number;
  readonly decision: 'keep' | 'refuse';
  /** {@link ItemState.sequence} that the person saw. */
  readonly seen: number;
  /** Id that the browser window chose. */
  readonly window: string;
}

/** The body of `POST undo`. */
export interface UndoRequest {
  readonly window: string;
}

/** The answer of `POST decisions` and `POST undo`, and an event of `GET changes`. */
export interface Change {
  readonly state: ItemState;
  readonly progress: Progress;
  readonly window: string;
}

/** Fields of a 409 answer next to `error`. */
export interface ConflictBody {
  /** The current state of the output, if there is one. */
  readonly state?: ItemState | undefined;
}
