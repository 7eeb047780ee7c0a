import { silentContext, type WorkContext } from '../../common/progress.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { DecodeSession, Scores } from '../transformer/decode-session.js';
import type { Draft } from './draft.js';
import { DraftQueue } from './draft-queue.js';
import type { GeneratedText } from './generated-text.js';
import { GenerationProgress } from './generation-progress.js';
import { effectiveTemperature, type GenerationOptions, validateGenerationOptions } from './options.js';
import { type Prompt, readPrompts } from './prompts.js';
import { createSampler, type SampleToken } from './sampler.js';

/** Who asked for texts, and hears of them. */
export interface TextListener {
  /** After every token of every text of the request that goes on. */
  onToken?(draft: Draft): void;
  /** A text is finished for good. @param rest what {@link Draft.takePiece} did not give of it. */
  onText(text: GeneratedText, rest: string): void;
  /** All texts are finished, or, with an error, none will be any more. Called once, unless the request is withdrawn. */
  onEnd(error?: unknown): void;
}

/** Texts wanted by one caller, to be generated in slots that may be shared with others (./continuous-batch.ts). */
export class TextRequest {
  readonly prompts: readonly Prompt[];
  readonly temperature: number;
  /** Slots that work for this request. Kept by the batch. */
  slots = 0;
  private readonly queue: DraftQueue;
  private readonly sample: SampleToken;
  private readonly progress: GenerationProgress;

  /** @throws TitlesmithError (exit code 2) when an option is wrong, or prefix and length exceed the capacity. */
  constructor(
    session: DecodeSession,
    tokenizer: Tokenizer,
    options: GenerationOptions,
    readonly listener: TextListener,
    context: WorkContext = silentContext,
  ) {
    validateGenerationOptions(options);
    this.prompts = readPrompts(session, tokenizer, options);
    this.temperature = effectiveTemperature(options.temperature);
    this.sample = createSampler({ ...options, temperature: this.temperature }, session.vocabularySize);
    const total = this.prompts.length * options.nsamples;
    this.progress = new GenerationProgress(total, context, options.finished?.size);
    this.queue = new DraftQueue(this.prompts, options, tokenizer, this.progress);
  }

  /** Whether every text is finished. */
  get settled(): boolean {
    return this.queue.settled;
  }

  /** The draft to begin next; undefined where none waits. */
  next(): Draft | undefined {
    return this.queue.next();
  }

  /** Draws the next token of a draft. */
  advance(draft: Draft, scores: Scores): void {
    draft.add(this.sample(scores, draft.random));
    this.progress.countToken();
    if (!draft.finished) this.listener.onToken?.(draft);
  }

  /** Gives a finished draft to the listener, unless it is to be drawn anew. */
  settle(draft: Draft): void {
    const settled = this.queue.settle(draft);
    if (settled) this.listener.onText(settled.result, settled.rest);
  }

  /** Tells the listener that all texts are finished. */
  end(): void {
    this.queue.close();
    this.listener.onEnd();
  }
}
