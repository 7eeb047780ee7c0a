import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { Draft } from './draft.js';
import type { GeneratedText } from './generated-text.js';
import type { GenerationProgress } from './generation-progress.js';
import { effectiveTemperature, type GenerationOptions } from './options.js';
import type { Prompt } from './prompts.js';

/** How often a text is drawn at most: one with nothing but white space after the prefix is drawn anew. */
export const maximumDraws = 8;

/** The drafts of a request in the order they are begun: by index, but one that came out blank at once anew. */
export class DraftQueue {
  private readonly blank: Draft[] = [];
  private readonly draws: number;
  private begun = 0;
  private unsettled: number;

  /** @param prompts one, or as many as there are prefixes: each begins `nsamples` texts. */
  constructor(
    private readonly prompts: readonly Prompt[],
    private readonly options: GenerationOptions,
    private readonly tokenizer: Tokenizer,
    private readonly progress: GenerationProgress,
  ) {
    // At temperature 0 every draw gives the same text.
    this.draws = effectiveTemperature(options.temperature) === 0 ? 1 : maximumDraws;
    const wanted = prompts.length * options.nsamples;
    this.unsettled = wanted - [...(options.finished ?? [])].filter((index) => index < wanted).length;
  }

  /** Whether every text is finished for good. */
  get settled(): boolean {
    return this.unsettled === 0;
  }

  /** The draft to begin next; undefined when none is left. */
  next(): Draft | undefined {
    const again = this.blank.pop()?.again();
    if (again) return again;
    const { nsamples, finished } = this.options;
    while (finished?.has(this.begun)) this.begun++;
    const prompt = this.prompts[Math.floor(this.begun / nsamples)];
    return prompt && new Draft(this.begun++, 1, prompt, this.options, this.tokenizer);
  }

  /** The text of a finished draft, and what was not yet given of it; nothing if it is to be drawn anew. */
  settle(draft: Draft): { readonly result: GeneratedText; readonly rest: string } | undefined {
    const { result, blank, rest } = draft.finish();
    if (blank && draft.draw < this.draws) {
      this.blank.push(draft);
      return undefined;
    }
    this.unsettled--;
    this.progress.countText(blank);
    return { result, rest };
  }

  /** Tells how many texts stayed blank. */
  close(): void {
    this.progress.finish(this.draws);
  }
}
