import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from '../../common/errors.js';
import type { MetricsLine } from './contract.js';

/** metrics.jsonl: one JSON object a line, appended while training. */
export class MetricsFile {
  private constructor(
    private readonly handle: FileHandle,
    private length: number,
  ) {}

  /**
   * Opens or creates the file and cuts it to `keepBytes`, so that a resumed run does not write a line twice.
   * @throws TitlesmithError naming the path.
   */
  static async open(path: string, keepBytes: number): Promise<MetricsFile> {
    try {
      const handle = await open(path, keepBytes === 0 ? 'w' : 'r+');
      await handle.truncate(keepBytes);
      return new MetricsFile(handle, keepBytes);
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  /** Length in bytes, all lines flushed to disk. */
  async flush(): Promise<number> {
    await this.handle.sync();
    return this.length;
  }

  async append(line: MetricsLine): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    await this.handle.write(bytes, 0, bytes.length, this.length);
    this.length += bytes.length;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
