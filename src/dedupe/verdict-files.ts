import { join } from 'node:path';
import { writeChunksAtomic } from '../io/atomic-file.js';
import { csvRecord } from '../io/csv/write-csv.js';
import type { Verdict } from './dedupe.js';
import type { ReviewedOutput } from './reviewed.js';

export const acceptedFileName = 'accepted.txt';
export const rejectedFileName = 'rejected.csv';

const columns = ['text', 'reason', 'rating', 'matched_title', 'second_title', 'evidence'];

/** The reason of an output that a person refused though dedupe did not. */
export const refusedInReview = 'refused in review';

/**
 * Writes what was decided into a run folder, each file atomically: `accepted.txt`, one title a line, and
 * `rejected.csv` (RFC 4180) with text, reason, rating, what it matched, and the evidence in words. What it
 * matched is the training title most like it, for a glued copy a second one too, for a repeat the earlier
 * output. Blank and broken texts match nothing. What a person decided goes before what dedupe did.
 * @throws TitlesmithError naming the file that cannot be written.
 */
export async function writeVerdicts(folder: string, outputs: readonly ReviewedOutput[]): Promise<void> {
  await writeChunksAtomic(join(folder, acceptedFileName), acceptedLines(outputs));
  await writeChunksAtomic(join(folder, rejectedFileName), rejectedRecords(outputs));
}

/** The kept titles, one a line. */
export function* acceptedLines(outputs: readonly ReviewedOutput[]): Generator<string> {
  for (const { verdict, kept } of outputs) if (kept) yield `${verdict.text}\n`;
}

function* rejectedRecords(outputs: readonly ReviewedOutput[]): Generator<string> {
  yield csvRecord(columns);
  for (const { verdict, kept } of outputs) {
    if (kept) continue;
    const reason = verdict.reason ?? refusedInReview;
    yield csvRecord([verdict.text, reason, ...matches(verdict), verdict.evidence ?? '']);
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
      return [String(verdict.rating), '', ''];
    default:
      return [String(verdict.rating), verdict.matched ?? '', verdict.second ?? ''];
  }
}
