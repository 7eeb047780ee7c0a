import type { WorkContext } from '../../common/progress.js';

/** Counts what generation does and tells its listener. */
export class GenerationProgress {
  private readonly startedAt = performance.now();
  private tokens = 0;
  private blank = 0;

  /** @param total texts wanted. @param texts those that were there already. */
  constructor(
    private readonly total: number,
    private readonly context: WorkContext,
    private texts = 0,
  ) {}

  /** A token was drawn, for whichever text. */
  countToken(): void {
    this.tokens++;
  }

  /** A text is finished for good. */
  countText(blank: boolean): void {
    this.texts++;
    if (blank) this.blank++;
    const seconds = (performance.now() - this.startedAt) / 1000;
    const rate = seconds > 0 ? Math.round(this.tokens / seconds).toLocaleString('en-US') : '0';
    this.context.onProgress({
      kind: 'progress',
      label: 'generate',
      done: this.texts,
      total: this.total,
      unit: 'texts',
      detail: `${rate} tokens/s`,
    });
  }

  /** Says how many texts stayed blank, if any. @param draws how often each was drawn. */
  finish(draws: number): void {
    if (this.blank === 0) return;
    const often = draws === 1 ? '' : ` after ${draws} draws each`;
    this.context.onProgress({
      kind: 'warning',
      message: `${this.blank} of ${this.total} generated texts are blank${often}.`,
    });
  }
}
