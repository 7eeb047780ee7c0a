/** What the review's page and its server say to each other, as JSON. */

/** An output as the page is told of it. */
export interface ReviewItem {
  /** The output's own index. */
  readonly index: number;
  /** Its place in the order of review, from 0. */
  readonly place: number;
  readonly text: string;
  readonly rating: number;
  /** The training title most like it; for a repeat the earlier output. */
  readonly matched: string;
  /** The other training title of a glued copy. */
  readonly second: string;
  /** Words in which `text` and `matched` differ, in runs (src/report/differences.ts). */
  readonly runs: readonly number[];
  /** Why dedupe refused it; empty where it did not. */
  readonly reason: string;
  readonly evidence: string;
  /** False for texts that cannot be kept. */
  readonly keepable: boolean;
}

/** What may change about an output. */
export interface ItemState {
  readonly index: number;
  readonly decision: 'keep' | 'refuse' | '';
  readonly kept: boolean;
  /** Number of the decision that stands or was taken back; 0: none yet. */
  readonly sequence: number;
}

/** How far the review has come, in outputs. */
export interface Progress {
  readonly total: number;
  readonly decided: number;
  readonly kept: number;
}

/** Which outputs `GET items` asks for. */
export interface ItemQuery {
  readonly show: (typeof shows)[number];
  /** A reason, `accepted`, or empty for any. */
  readonly reason: string;
  /** Part of the text, of what it matched, or of the evidence, in any case. */
  readonly search: string;
  /** Only outputs whose place is higher; -1 for all. */
  readonly after: number;
  readonly limit: number;
}

export const shows = ['undecided', 'all', 'decided', 'kept', 'refused'] as const;

/** The answer of `GET items`. */
export interface ItemList {
  /** Outputs that fit the query, sent or not. */
  readonly found: number;
  readonly items: readonly (ReviewItem & ItemState)[];
  readonly progress: Progress;
}

/** The body of `POST decisions`. */
export interface Decision {
  readonly index: number;
  readonly decision: 'keep' | 'refuse';
  /** {@link ItemState.sequence} of what the person saw. */
  readonly seen: number;
  /** The window's name for itself. */
  readonly window: string;
}

/** The body of `POST undo`. */
export interface Undo {
  readonly window: string;
}

/** The answer of `POST decisions` and `POST undo`, and what `GET changes` tells all windows. */
export interface Change {
  readonly state: ItemState;
  readonly progress: Progress;
  readonly window: string;
}

/** What a refused decision's answer holds beside the error. */
export interface Conflict {
  /** The output as it is now, where one is meant. */
  readonly state?: ItemState | undefined;
}
