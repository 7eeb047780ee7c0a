import type { CompletionEvent, CompletionOutcome, CompletionSummary } from '../completion.js';

/** A submitted request: a queue of its events, which also ends it. */
export class Submission {
  private readonly startedAt = performance.now();
  private readonly queued: CompletionEvent[] = [];
  private ended: { readonly error: Error | undefined } | undefined;
  private wake: () => void = () => {};
  private texts = 0;
  private tokens = 0;
  private firstSeconds: number | undefined;

  /** @param onEnd called once, when the request has ended for any reason. */
  constructor(private readonly onEnd: (result: CompletionSummary) => void) {}

  /** Queues an event from the worker. */
  add(event: CompletionEvent): void {
    if (this.ended) return;
    if (event.kind !== 'begin') this.firstSeconds ??= this.seconds();
    if (event.kind === 'text') {
      this.texts++;
      this.tokens += event.text.tokens;
    }
    this.queued.push(event);
    this.wake();
  }

  /** Ends the request; events queued before are still delivered. Does nothing when it has already ended. */
  end(outcome: CompletionOutcome, error?: Error): void {
    if (this.ended) return;
    this.ended = { error };
    const { texts, tokens, firstSeconds } = this;
    this.onEnd({ outcome, texts, tokens, seconds: this.seconds(), firstSeconds });
    this.wake();
  }

  /** The events in order, for a single reader. @throws the error that ended the request. */
  async *events(): AsyncGenerator<CompletionEvent, void, undefined> {
    for (;;) {
      yield* this.queued.splice(0);
      if (this.queued.length > 0) continue;
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
