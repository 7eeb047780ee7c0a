import { type FileHandle, open, readFile } from 'node:fs/promises';
import { fileError, systemErrorCode, TitlesmithError } from '../common/errors.js';
import { type DecisionEntry, isDecisionEntry } from '../dedupe/decisions.js';

export const decisionsFileName = 'decisions.jsonl';

/**
 * decisions.jsonl: what people decided, one line each, never changed, only added to. A line counts once it
 * is flushed to disk; what a crash left of an unfinished line is cut off.
 */
export class DecisionLog {
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly all: DecisionEntry[],
    private bytes: number,
  ) {}

  /** Opens or creates the file. @throws TitlesmithError naming file and line of a damaged one. */
  static async open(path: string): Promise<DecisionLog> {
    const { entries, bytes } = await read(path);
    try {
      const handle = await open(path, 'a+');
      await handle.truncate(bytes);
      return new DecisionLog(path, handle, entries, bytes);
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  get entries(): readonly DecisionEntry[] {
    return this.all;
  }

  /**
   * Adds a line and flushes it; lines are added one after the other. What could not be written is cut off
   * again.
   * @param make the entry without its sequence number, made when its turn has come; undefined adds nothing.
   * @throws TitlesmithError naming the file, after which the log is as before; and what `make` throws.
   */
  add(make: () => Omit<DecisionEntry, 'sequence'> | undefined): Promise<DecisionEntry | undefined> {
    const added = this.last.then(async () => {
      const content = make();
      if (content === undefined) return undefined;
      const entry: DecisionEntry = { sequence: this.all.length + 1, ...content };
      await this.write(`${JSON.stringify(entry)}\n`);
      this.all.push(entry);
      return entry;
    });
    this.last = added.catch(() => {});
    return added;
  }

  private async write(line: string): Promise<void> {
    try {
      await this.handle.appendFile(line);
      await this.handle.datasync();
      this.bytes += Buffer.byteLength(line);
    } catch (error) {
      await this.handle.truncate(this.bytes).catch(() => {});
      throw fileError('write', this.path, error);
    }
  }

  /** Waits for what is being written, and closes the file. */
  async close(): Promise<void> {
    await this.last;
    await this.handle.close();
  }
}

/**
 * The decisions in a file; none where there is no file. @throws TitlesmithError naming file and line of a
 * damaged one.
 */
export async function readDecisions(path: string): Promise<readonly DecisionEntry[]> {
  return (await read(path)).entries;
}

async function read(path: string): Promise<{ entries: DecisionEntry[]; bytes: number }> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { entries: [], bytes: 0 };
    throw fileError('read', path, error);
  }
  // What follows the last line break is a line that a crash cut short: it was never confirmed to anyone.
  const bytes = content.lastIndexOf('\n') + 1;
  const lines = content.subarray(0, bytes).toString('utf8').split('\n').slice(0, -1);
  return { entries: lines.map((line, i) => parseEntry(line, path, i + 1)), bytes };
}

function parseEntry(line: string, path: string, number: number): DecisionEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (!isDecisionEntry(value, number)) {
    throw new TitlesmithError(`${path}:${number} is no decision.`, {
      code: 'decisions-damaged',
      hint: 'Restore the file from a backup, or remove it to review anew.',
    });
  }
  return value;
}
