import type { Verdict } from '../common/judgement.js';

/** What is reviewed. */
export interface ReviewInput {
  readonly runName: string;
  /** The run folder: decisions.jsonl, accepted.txt and rejected.csv are written there. */
  readonly folder: string;
  readonly verdicts: readonly Verdict[];
  /** The report's page; undefined where there is none. */
  readonly reportPath: string | undefined;
}

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

/** How far the review has come. */
export interface Progress {
  readonly total: number;
  readonly decided: number;
  readonly kept: number;
}

/** One change, as all open windows are told of it. */
export interface Change {
  readonly state: ItemState;
  readonly progress: Progress;
  readonly window: string;
}

/** Which outputs are asked for. */
export interface ItemQuery {
  readonly show: 'all' | 'undecided' | 'decided' | 'kept' | 'refused';
  /** A reason, `accepted`, or empty for any. */
  readonly reason: string;
  /** Part of the text, of what it matched, or of the evidence, in any case. */
  readonly search: string;
  /** Only outputs whose place is higher; -1 for all. */
  readonly after: number;
  readonly limit: number;
}
