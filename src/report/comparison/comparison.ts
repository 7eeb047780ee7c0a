import type { Estimate, OverfitVerdict } from '../../common/judgement.js';
import type { CurvePoint } from '../report-figures.js';

/** In the title of every comparison, and of no other page. */
export const titleEnd = ' – titlesmith comparison';

/** A run among those it is compared with. */
export interface ComparedRun {
  /** Its name, or its folder where another has that name. */
  readonly name: string;
  /** Undefined until its report is written. */
  readonly verdict: OverfitVerdict | undefined;
  /** Held-out losses in `unit`, from before training on; empty where nothing was trained. */
  readonly heldOut: readonly CurvePoint[];
  readonly unit: 'bits a byte' | 'bits a token';
  /** The step whose weights were kept. */
  readonly bestStep: number | undefined;
  /** The first accepted titles. */
  readonly accepted: readonly string[];
}

/** How much better or worse a run predicts the same held-out titles than another does, title by title. */
export interface PairedDifference {
  /** The run. */
  readonly name: string;
  /** The run that it is compared with. */
  readonly against: string;
  /** Held-out titles whose losses the run knows. */
  readonly titles: number;
  /**
   * Its loss less the other's, in bits a byte, with the 95% interval: below 0 it predicts them better. Null where the losses are
   * not of the same titles.
   */
  readonly bits: Estimate | null;
  /** Why there is none; null where there is one. */
  readonly reason: string | null;
}

/** Runs side by side. */
export interface Comparison {
  readonly titlesmithVersion: string;
  readonly runs: readonly ComparedRun[];
  /** A figure a row, with its value in every run; null where a run does not tell. */
  readonly figures: readonly (readonly [label: string, values: readonly (string | null)[]])[];
  /** Options that are not the same in all runs, as typed, with the value given in every run. */
  readonly options: readonly (readonly [label: string, values: readonly string[]])[];
  /** Whether all have the same tokens, so that losses a token can be compared; null: that is not recorded. */
  readonly sameTokens: boolean | null;
  /** Every run but the first, with the first; empty where no run knows losses of single titles. */
  readonly differences: readonly PairedDifference[];
  /** What to beware of when comparing these. */
  readonly notes: readonly string[];
}
