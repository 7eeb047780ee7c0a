import { type Html, jsonForHtml, visible } from '../web/html.js';
import { findDifferences } from './differences.js';
import type { Pair } from './report-figures.js';

/** Pairs for the page's script, in a compact form, as there may be 10,000. */
export interface PairData {
  /** `accepted` and the reasons that occur. */
  readonly states: readonly string[];
  /** Texts on the right side, each once. */
  readonly matched: readonly string[];
  readonly rows: readonly PairRow[];
}

/**
 * Rating, text, index in {@link PairData.matched} (-1: none), index in {@link PairData.states}, runs of differing words
 * joined by commas (differences.ts), then, where there are any, the evidence and the second title.
 */
type PairRow = readonly [
  rating: number,
  text: string,
  matched: number,
  state: number,
  runs: string,
  evidence?: string,
  second?: string,
];

/** All pairs as JSON that may stand in a script element. */
export function pairData(pairs: readonly Pair[]): Html {
  const states = new Numbering();
  const matched = new Numbering();
  const rows = pairs.map((pair): PairRow => {
    const { first, second, runs } = findDifferences(pair.text, pair.matched ?? '');
    const other = pair.matched === null ? -1 : matched.of(second.join(' '));
    const state = states.of(pair.reason ?? 'accepted');
    const row = [pair.rating, first.join(' '), other, state, runs.join(',')] as const;
    if (pair.second !== null) return [...row, pair.evidence ?? '', visible(pair.second)];
    return pair.evidence === null ? row : [...row, pair.evidence];
  });
  const data: PairData = { states: states.values, matched: matched.values, rows };
  return jsonForHtml(data);
}

/** Numbers distinct values in the order they first occur. */
class Numbering {
  readonly values: string[] = [];
  private readonly numbers = new Map<string, number>();

  of(value: string): number {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    this.numbers.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}
