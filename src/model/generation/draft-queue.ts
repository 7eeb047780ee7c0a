import type { Tokenizer } from '../tokenizer/contract.js';
import type { GeneratedText } from './contract.js';
import { Draft } from './draft.js';
import type { GenerationProgress } from './generation-progress.js';
import type { GenerationOptions } from './options.js';

/** How often a text is drawn at most: one with nothing but white space after the prefix is drawn anew. */
export const maximumDraws = 8;

/** The drafts of a request in the order they are begun: by index, but one that came out blank at once anew. */
export class DraftQueue {
  private readonly blank: Draft[] = [];
  private readonly draws: number;
  private begun = 0;

  constructor(
    private readonly options: GenerationOptions,
    private readonly tokenizer: Tokenizer,
    private readonly progress: GenerationProgress,
  ) {
    // At temperature 0 every draw gives the same text.
    this.draws = options.temperature === 0 ? 1 : maximumDraws;
  }

  /** The draft to begin next; undefined when none is left. */
  next(): Draft | undefined {
    const again = this.blank.pop()?.again();
    if (again || this.begun === this.options.nsamples) return again;
    return new Draft(this.begun++, 1, this.options, this.tokenizer);
  }

  /** The text of a finished draft; nothing if it is to be drawn anew. */
  settle(draft: Draft): GeneratedText[] {
    const { result, blank } = draft.finish();
    if (blank && draft.draw < this.draws) {
      this.blank.push(draft);
      return [];
    }
    this.progress.countText(blank);
    return [result];
  }

  /** Tells how many texts stayed blank. */
  close(): void {
    this.progress.finish(this.draws);
  }
}
