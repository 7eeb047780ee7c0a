import type { Verdict } from '../common/judgement.js';
import { formatCsvRecord } from '../io/csv.js';
import type { ReviewedOutput } from './decisions.js';

const rejectedColumns = ['text', 'reason', 'rating', 'matched_title', 'second_title', 'evidence'];

/** The reason for an output that a person refused but dedupe accepted. */
const refusedInReview = 'refused in review';

/** accepted.txt: the kept titles, one per line. */
export function* acceptedLines(outputs: readonly ReviewedOutput[]): Generator<string> {
  for (const { verdict, kept } of outputs) if (kept) yield `${verdict.text}\n`;
}

/**
 * rejected.csv (RFC 4180), one record per rejected output: text, reason, rating, the matched texts, and the evidence in
 * words. The matched text is the training title that shows the reason, for a glued copy also a second one, for a repeat
 * the earlier output. Blank and broken texts match nothing. A decision of a person takes precedence over dedupe.
 */
export function* rejectedRecords(outputs: readonly ReviewedOutput[]): Generator<string> {
  yield formatCsvRecord(rejectedColumns);
  for (const { verdict, kept } of outputs) {
    if (kept) continue;
    const reason = verdict.reason ?? refusedInReview;
    yield formatCsvRecord([verdict.text, reason, ...matches(verdict), verdict.evidence ?? '']);
  }
}

/** Rating and matched texts of a refused output. */
function matches(verdict: Verdict): [rating: string, matched: string, second: string] {
  switch (verdict.reason) {
    case 'blank':
    case 'broken text':
      return ['', '', ''];
    case 'accepted before':
    case 'repeat':
    case 'near repeat':
      return ['', verdict.repeats ?? '', ''];
    case 'held-out title':
    case 'base copy':
      return [String(verdict.rating), '', ''];
    default:
      return [String(verdict.rating), verdict.matched ?? '', verdict.second ?? ''];
  }
}
