import { join } from 'node:path';
import { writeChunksAtomic } from '../common/files.js';
import { csvRecord } from './csv.js';
import type { Verdict } from './dedupe.js';

export const acceptedFileName = 'accepted.txt';
export const rejectedFileName = 'rejected.csv';

const columns = ['text', 'reason', 'rating', 'matched_title', 'second_title', 'evidence'];

/**
 * Writes what dedupe decided into a run folder, each file atomically: `accepted.txt`, one title a line, and
 * `rejected.csv` (RFC 4180) with text, reason, rating, what it matched, and the evidence in words. What it matched is the
 * training title most like it, for a glued copy a second one too, for a repeat the earlier output. Blank and broken texts
 * match nothing.
 * @throws TitlesmithError naming the file that cannot be written.
 */
export async function writeVerdicts(folder: string, verdicts: readonly Verdict[]): Promise<void> {
  await writeChunksAtomic(join(folder, acceptedFileName), acceptedLines(verdicts));
  await writeChunksAtomic(join(folder, rejectedFileName), rejectedRecords(verdicts));
}

function* acceptedLines(verdicts: readonly Verdict[]): Generator<string> {
  for (const verdict of verdicts) if (verdict.reason === undefined) yield `${verdict.text}\n`;
}

function* rejectedRecords(verdicts: readonly Verdict[]): Generator<string> {
  yield csvRecord(columns);
  for (const verdict of verdicts) {
    if (verdict.reason === undefined) continue;
    yield csvRecord([verdict.text, verdict.reason, ...matches(verdict), verdict.evidence ?? '']);
  }
}

/** Rating and matched texts of a refused output. */
function matches(verdict: Verdict): [rating: string, matched: string, second: string] {
  switch (verdict.reason) {
    case 'blank':
    case 'broken text':
      return ['', '', ''];
    case 'repeat':
    case 'near repeat':
      return ['', verdict.repeats ?? '', ''];
    case 'held-out title':
      return [String(verdict.rating), '', ''];
    default:
      return [String(verdict.rating), verdict.matched ?? '', verdict.second ?? ''];
  }
}
