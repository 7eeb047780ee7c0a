import { join } from 'node:path';
import type { ReviewedOutput } from '../dedupe/decisions.js';
import { acceptedLines, rejectedRecords } from '../dedupe/verdict-lists.js';
import { writeChunksAtomic } from '../io/atomic-file.js';

const acceptedFileName = 'accepted.txt';
const rejectedFileName = 'rejected.csv';

/**
 * Writes what was decided into a run folder, each file atomically: `accepted.txt`, one title a line, and
 * `rejected.csv`.
 * @throws TitlesmithError naming the file that cannot be written.
 */
export async function writeVerdicts(folder: string, outputs: readonly ReviewedOutput[]): Promise<void> {
  await writeChunksAtomic(join(folder, acceptedFileName), acceptedLines(outputs));
  await writeChunksAtomic(join(folder, rejectedFileName), rejectedRecords(outputs));
}
