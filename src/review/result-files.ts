import type { ReviewedOutput } from '../dedupe/decisions.js';
import { writeVerdicts } from './verdict-files.js';

/**
 * Keeps accepted.txt and rejected.csv at what is decided. Decisions that come while the files are written
 * are taken together into the next writing.
 */
export class ResultFiles {
  private writing: Promise<void> | undefined;
  private isStale = false;

  /** @param onError told of a file that could not be written; the next decision tries again. */
  constructor(
    private readonly folder: string,
    private readonly outputs: () => readonly ReviewedOutput[],
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Asks for the files to be written. */
  update(): void {
    this.isStale = true;
    this.writing ??= this.writeWhileStale();
  }

  /** Resolves once the files are as last asked for. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private async writeWhileStale(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      try {
        await writeVerdicts(this.folder, this.outputs());
      } catch (error) {
        this.onError(error);
      }
    }
    this.writing = undefined;
  }
}
