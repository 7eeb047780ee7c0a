import { TitlesmithError } from '../common/errors.js';
import { type DecisionEntry, isDecisionEntry, wholeEntries } from '../dedupe/decisions.js';
import { AppendLog, readAppendLog } from '../io/append-log.js';
import { jsonLines, type RecordFormat } from '../io/record-formats.js';

export const decisionsFileName = 'decisions.jsonl';

/** A decision without what the log gives it. */
export type NewDecision = Omit<DecisionEntry, 'sequence' | 'group'>;

/**
 * decisions.jsonl: what people decided, one line per decision, append-only. A line counts once it is flushed to disk;
 * an unfinished line left by a crash, or an unfinished group of lines, which were never confirmed to anyone, are cut off.
 */
export class DecisionLog {
  private last: Promise<unknown> = Promise.resolve();

  private log: AppendLog<DecisionEntry> | undefined;

  private constructor(
    private readonly path: string,
    private readonly all: DecisionEntry[],
  ) {}

  /** Reads the file, which is made with the first decision. @throws TitlesmithError naming file and line of a damaged one. */
  static async open(path: string): Promise<DecisionLog> {
    return new DecisionLog(path, [...(await readDecisions(path))]);
  }

  get entries(): readonly DecisionEntry[] {
    return this.all;
  }

  /**
   * Adds lines and flushes them; several count together or, after a crash, not at all. Calls are done one after the other.
   * @param make the entries, called when its turn comes.
   * @throws TitlesmithError naming the file, and the log is unchanged; whatever `make` throws.
   */
  add(make: () => readonly NewDecision[]): Promise<readonly DecisionEntry[]> {
    const added = this.last.then(async () => {
      const contents = make();
      const from = this.all.length + 1;
      const group = contents.length > 1 ? { group: { from, to: this.all.length + contents.length } } : {};
      const entries = contents.map((content, place) => ({ sequence: from + place, ...content, ...group }));
      this.log ??= await AppendLog.open(
        this.path,
        formatOf(this.path),
        (_, index) => index < this.all.length,
      );
      await this.log.appendAll(entries, { flush: true });
      for (const entry of entries) this.all.push(entry);
      return entries;
    });
    this.last = added.catch(() => {});
    return added;
  }

  /** Waits for pending writes, and closes the file. */
  async close(): Promise<void> {
    await this.last;
    await this.log?.close();
  }
}

/**
 * The decisions in a file that count; none if there is no file. @throws TitlesmithError naming file and line of a
 * damaged one.
 */
export async function readDecisions(path: string): Promise<readonly DecisionEntry[]> {
  return wholeEntries(await readAppendLog(path, formatOf(path)));
}

function formatOf(path: string): RecordFormat<DecisionEntry> {
  return jsonLines((value, number) => {
    if (isDecisionEntry(value, number)) return value;
    throw new TitlesmithError(`${path}:${number} is no decision.`, {
      code: 'decisions-damaged',
      hint: 'Restore the file from a backup, or remove it to review anew.',
    });
  });
}
