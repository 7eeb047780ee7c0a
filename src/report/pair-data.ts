import { type Html, jsonForHtml, visible } from '../web/html.js';
import { findDifferences } from './differences.js';
import type { Pair } from './report-figures.js';

/** Pairs as the page's script reads them: short, as there may be 10,000. */
export interface PairData {
  /** `accepted` and the reasons that occur. */
  readonly states: readonly string[];
  /** Texts on the right side, each once. */
  readonly matched: readonly string[];
  /**
   * Rating, text, index in `matched` (-1: none), index in `states`, runs of differing words joined by commas
   * (./differences.ts), then, where there are any, evidence and second title.
   */
  readonly rows: readonly (readonly (string | number)[])[];
}

/** All pairs as JSON that may stand in a script element. */
export function pairData(pairs: readonly Pair[]): Html {
  const states = new Numbering();
  const matched = new Numbering();
  const rows = pairs.map((pair) => {
    const { first, second, runs } = findDifferences(pair.text, pair.matched ?? '');
    const other = pair.matched === null ? -1 : matched.of(second.join(' '));
    const state = states.of(pair.reason ?? 'accepted');
    const row: (string | number)[] = [pair.rating, first.join(' '), other, state, runs.join(',')];
    if (pair.evidence !== null) row.push(pair.evidence);
    if (pair.second !== null) row.push(visible(pair.second));
    return row;
  });
  const data: PairData = { states: states.values, matched: matched.values, rows };
  return jsonForHtml(data);
}

/** Gives each value a number, in the order they come. */
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
