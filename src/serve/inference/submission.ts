import type { TextEvent } from '../served-model.js';

/** How a request ended. */
export type Outcome = 'done' | 'refused' | 'failed' | 'deadline' | 'withdrawn' | 'stopped';

/** What became of a request. */
export interface SubmissionResult {
  readonly outcome: Outcome;
  readonly texts: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Until the first piece, or text where pieces were not asked for. */
  readonly firstSeconds: number | undefined;
}

/** A request under way: its events as they come, and the means to withdraw it. */
export class Submission {
  private readonly startedAt = performance.now();
  private readonly waiting: TextEvent[] = [];
  private ended: { readonly error: Error | undefined } | undefined;
  private wake: () => void = () => {};
  private texts = 0;
  private tokens = 0;
  private firstSeconds: number | undefined;

  /**
   * @param nsamples texts asked for, of all prefixes together.
   * @param onEnd called once, when the request has ended in whatever way.
   */
  constructor(
    private readonly nsamples: number,
    private readonly onEnd: (result: SubmissionResult) => void,
  ) {}

  /** Texts that are still to come. */
  get outstanding(): number {
    return this.ended ? 0 : this.nsamples - this.texts;
  }

  /** Takes in what the engine says. */
  add(event: TextEvent): void {
    if (this.ended) return;
    if (event.kind !== 'begin') this.firstSeconds ??= this.seconds();
    if (event.kind === 'text') {
      this.texts++;
      this.tokens += event.text.tokens;
    }
    this.waiting.push(event);
    this.wake();
  }

  /** Ends the request; what came before is still given. Does nothing where it has ended. */
  end(outcome: Outcome, error?: Error): void {
    if (this.ended) return;
    this.ended = { error };
    const { texts, tokens, firstSeconds } = this;
    this.onEnd({ outcome, texts, tokens, seconds: this.seconds(), firstSeconds });
    this.wake();
  }

  /** The events in their order. For one reader. @throws the error that ended the request. */
  async *events(): AsyncGenerator<TextEvent, void, undefined> {
    for (;;) {
      yield* this.waiting.splice(0);
      if (this.waiting.length > 0) continue;
      if (this.ended?.error) throw this.ended.error;
      if (this.ended) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }
}
