import { type FileHandle, open, readFile } from 'node:fs/promises';
import { fileError } from '../../common/errors.js';
import type { MetricsLine } from './training-options.js';

/** metrics.jsonl: one JSON object a line, appended while training. */
export class MetricsFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private lines: number,
    private bytes: number,
  ) {}

  /**
   * Opens or creates the file and cuts it to its first `keepLines` lines, so that a resumed run writes none twice.
   * @throws TitlesmithError naming the path.
   */
  static async open(path: string, keepLines: number): Promise<MetricsFile> {
    try {
      const content = keepLines === 0 ? Buffer.alloc(0) : await readFile(path);
      let kept = 0;
      for (let line = 0; line < keepLines; line++) kept = content.indexOf('\n', kept) + 1;
      const handle = await open(path, keepLines === 0 ? 'w' : 'r+');
      await handle.truncate(kept);
      return new MetricsFile(path, handle, keepLines, kept);
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  /** Flushes to disk. @returns the number of lines. */
  async flush(): Promise<number> {
    try {
      await this.handle.sync();
    } catch (error) {
      throw fileError('write', this.path, error);
    }
    return this.lines;
  }

  async append(line: MetricsLine): Promise<void> {
    const content = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      await this.handle.write(content, 0, content.length, this.bytes);
    } catch (error) {
      throw fileError('write', this.path, error);
    }
    this.bytes += content.length;
    this.lines += 1;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
