import { join } from 'node:path';
import { writeChunksAtomic } from '../common/files.js';
import type { Verdict } from './dedupe.js';

const columns = ['text', 'reason', 'rating', 'matched_title'];

/**
 * Writes what dedupe decided into a run folder, each file atomically: `accepted.txt`, one title a line, and
 * `rejected.csv` (RFC 4180) with text, reason, rating and what it matched: the training title most like it,
 * or for a repeat the earlier output. Blank and broken texts match nothing.
 * @throws TitlesmithError naming the file that cannot be written.
 */
export async function writeVerdicts(folder: string, verdicts: readonly Verdict[]): Promise<void> {
  await writeChunksAtomic(join(folder, 'accepted.txt'), acceptedLines(verdicts));
  await writeChunksAtomic(join(folder, 'rejected.csv'), rejectedRecords(verdicts));
}

function* acceptedLines(verdicts: readonly Verdict[]): Generator<string> {
  for (const verdict of verdicts) if (verdict.reason === undefined) yield `${verdict.text}\n`;
}

function* rejectedRecords(verdicts: readonly Verdict[]): Generator<string> {
  yield csvRecord(columns);
  for (const verdict of verdicts) {
    if (verdict.reason === undefined) continue;
    yield csvRecord([verdict.text, verdict.reason, ...evidence(verdict)]);
  }
}

/** Rating and matched text of a refused output. */
function evidence(verdict: Verdict): [rating: string, matched: string] {
  switch (verdict.reason) {
    case 'repeat':
      return ['1', verdict.repeats ?? ''];
    case 'exact copy':
    case 'near copy':
      return [String(verdict.rating), verdict.matched ?? ''];
    default:
      return ['', ''];
  }
}

function csvRecord(fields: readonly string[]): string {
  const quoted = fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return `${quoted.join(',')}\r\n`;
}
