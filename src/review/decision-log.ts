import { TitlesmithError } from '../common/errors.js';
import { type DecisionEntry, isDecisionEntry } from '../dedupe/decisions.js';
import { AppendLog, readAppendLog } from '../io/append-log.js';
import { jsonLines, type RecordFormat } from '../io/record-formats.js';

export const decisionsFileName = 'decisions.jsonl';

/**
 * decisions.jsonl: what people decided, one line per decision, append-only. A line counts once it is flushed to disk;
 * an unfinished line left by a crash, which was never confirmed to anyone, is cut off.
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
   * Adds a line and flushes it; lines are added one after the other.
   * @param make the entry without its sequence number, called when its turn comes; undefined adds nothing.
   * @throws TitlesmithError naming the file, and the log is unchanged; whatever `make` throws.
   */
  add(make: () => Omit<DecisionEntry, 'sequence'> | undefined): Promise<DecisionEntry | undefined> {
    const added = this.last.then(async () => {
      const content = make();
      if (content === undefined) return undefined;
      const entry: DecisionEntry = { sequence: this.all.length + 1, ...content };
      this.log ??= await AppendLog.open(this.path, formatOf(this.path));
      await this.log.append(entry, { flush: true });
      this.all.push(entry);
      return entry;
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
 * The decisions in a file; none if there is no file. @throws TitlesmithError naming file and line of a
 * damaged one.
 */
export function readDecisions(path: string): Promise<readonly DecisionEntry[]> {
  return readAppendLog(path, formatOf(path));
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
