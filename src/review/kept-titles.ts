import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, systemErrorCode } from '../common/errors.js';
import type { ReviewedOutput } from '../dedupe/decisions.js';
import { acceptedLines, rejectedRecords } from '../dedupe/verdict-lists.js';
import { writeChunksAtomic } from '../io/atomic-file.js';
import { formatCsvRecord } from '../io/csv.js';
import { checkArgument, hasItems, isText } from '../options/call-arguments.js';
import type { ReviewInput } from './review.js';

/**
 * Writes the result of the review into a run folder, each file atomically: `accepted.txt`, one title a line, and
 * `rejected.csv`.
 * @throws TitlesmithError naming the file that cannot be written.
 */
export async function writeVerdicts(folder: string, outputs: readonly ReviewedOutput[]): Promise<void> {
  checkArgument('writeVerdicts', 'folder', folder, isText);
  checkArgument('writeVerdicts', 'outputs', outputs, hasItems('reviewed outputs', 'verdict', 'kept'));
  await writeChunksAtomic(join(folder, 'accepted.txt'), acceptedLines(outputs));
  await writeChunksAtomic(join(folder, 'rejected.csv'), rejectedRecords(outputs));
}

/** Whether accepted.txt and rejected.csv hold the result of the review. @throws TitlesmithError naming a file that cannot be read. */
export async function areWritten(folder: string, outputs: readonly ReviewedOutput[]): Promise<boolean> {
  const holds = async (name: string, chunks: Iterable<string>): Promise<boolean> => {
    const path = join(folder, name);
    try {
      return (await readFile(path, 'utf8')) === [...chunks].join('');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return false;
      throw fileError('read', path, error);
    }
  };
  return (
    (await holds('accepted.txt', acceptedLines(outputs))) &&
    (await holds('rejected.csv', rejectedRecords(outputs)))
  );
}

/**
 * Keeps accepted.txt and rejected.csv up to date with the decisions. Decisions made while the files are being written
 * go into the next write together.
 */
export class ResultFiles {
  private writing: Promise<void> | undefined;
  private isStale = false;

  /** @param onError called when a file could not be written; the next decision tries again. */
  constructor(
    private readonly run: Pick<ReviewInput, 'folder' | 'recordLists'>,
    private readonly outputs: () => readonly ReviewedOutput[],
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Schedules writing the files. */
  update(): void {
    this.isStale = true;
    this.writing ??= this.writeWhileStale();
  }

  /** Resolves once the scheduled writes are done. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private async writeWhileStale(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      try {
        await writeVerdicts(this.run.folder, this.outputs());
        await this.run.recordLists?.();
      } catch (error) {
        this.onError(error);
      }
    }
    this.writing = undefined;
  }
}

export type ExportFormat = 'txt' | 'csv' | 'jsonl';

/** Media types of the exports. */
export const exportTypes: Readonly<Record<ExportFormat, string>> = {
  txt: 'text/plain; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl; charset=utf-8',
};

/**
 * The kept titles: `txt` one per line; `csv` (RFC 4180) and `jsonl` with their index, rating, closest training
 * title, and whether a person or dedupe kept them. The CSV is for spreadsheets: a text that one would compute as a formula
 * has an apostrophe before it, as OWASP advises against CSV injection. The others, and the files in the run folder, which
 * later stages read, hold texts as they are.
 */
export function* exportTitles(outputs: readonly ReviewedOutput[], format: ExportFormat): Generator<string> {
  const kept = outputs.filter((output) => output.kept);
  switch (format) {
    case 'txt':
      yield* acceptedLines(kept);
      break;
    case 'csv':
      yield formatCsvRecord(['index', 'title', 'rating', 'closest_training_title', 'kept_by']);
      for (const { verdict, decision } of kept) {
        const { index, text, rating, matched } = verdict;
        const cells = [
          String(index),
          plainCell(text),
          String(rating),
          plainCell(matched ?? ''),
          keptBy(decision),
        ];
        yield formatCsvRecord(cells);
      }
      break;
    case 'jsonl':
      for (const { verdict, decision } of kept) {
        const { index, text, rating, matched } = verdict;
        const line = {
          index,
          title: text,
          rating,
          closestTrainingTitle: matched ?? null,
          keptBy: keptBy(decision),
        };
        yield `${JSON.stringify(line)}\n`;
      }
  }
}

/** Beginnings of cells that spreadsheets take for a formula, in full width too. */
const formulaStart = /^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

/** A text as a cell that no spreadsheet computes. */
function plainCell(text: string): string {
  return formulaStart.test(text) ? `'${text}` : text;
}

function keptBy(decision: ReviewedOutput['decision']): string {
  return decision === undefined ? 'dedupe' : 'person';
}
