import type { CompletionEvent, CompletionOutcome, CompletionSummary } from '../completion.js';

/** A request under way: its events as they come, and the means to withdraw it. */
export class Submission {
  private readonly startedAt = performance.now();
  private readonly waiting: CompletionEvent[] = [];
  private ended: { readonly error: Error | undefined } | undefined;
  private wake: () => void = () => {};
  private texts = 0;
  private tokens = 0;
  private firstSeconds: number | undefined;

  /** @param onEnd called once, when the request has ended in whatever way. */
  constructor(private readonly onEnd: (result: CompletionSummary) => void) {}

  /** Takes in what the worker says. */
  add(event: CompletionEvent): void {
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
  end(outcome: CompletionOutcome, error?: Error): void {
    if (this.ended) return;
    this.ended = { error };
    const { texts, tokens, firstSeconds } = this;
    this.onEnd({ outcome, texts, tokens, seconds: this.seconds(), firstSeconds });
    this.wake();
  }

  /** The events in their order. For one reader. @throws the error that ended the request. */
  async *events(): AsyncGenerator<CompletionEvent, void, undefined> {
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
