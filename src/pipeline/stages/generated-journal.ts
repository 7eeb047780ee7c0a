import { type FileHandle, open, readFile } from 'node:fs/promises';
import { fileError, systemErrorCode } from '../../common/errors.js';
import type { GeneratedText } from '../../model/generation/sequence.js';
import { formatGenerated, parseGenerated } from './generated-file.js';

/** Texts in the order they were finished, one a line, kept until generated.jsonl is written whole. */
export class GeneratedJournal {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    /** What an interrupted run had finished. */
    readonly finished: readonly GeneratedText[],
  ) {}

  /**
   * Opens a journal to go on with, or a new one. A last line that was cut off in the middle is dropped.
   * @param resume false: what the file holds is forgotten.
   * @throws TitlesmithError naming the path, and the line where it is no journal.
   */
  static async open(path: string, resume: boolean): Promise<GeneratedJournal> {
    try {
      const content = resume ? await readIfThere(path) : Buffer.alloc(0);
      const whole = content.subarray(0, content.lastIndexOf('\n') + 1);
      const finished = parseGenerated(whole.toString('utf8'), path);
      const handle = await open(path, 'a');
      await handle.truncate(whole.length);
      return new GeneratedJournal(path, handle, finished);
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  /** Once it returns, the text outlives the process. */
  async append(text: GeneratedText): Promise<void> {
    try {
      await this.handle.appendFile(formatGenerated([text]));
    } catch (error) {
      throw fileError('write', this.path, error);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
