import type { DecodeInput, DecodeSession, PromptCache, Scores } from '../transformer/decode-session.js';
import type { Draft } from './draft.js';
import { PromptCaches } from './prompts.js';
import type { TextRequest } from './text-request.js';

/** Texts begun in one turn, for each slot. */
const mostBegunPerSlot = 4;

/** A slot at work. */
interface Running {
  readonly request: TextRequest;
  readonly draft: Draft;
}

/**
 * The slots of a session, shared by all requests: continuous batching ("Orca: A Distributed Serving System for
 * Transformer-Based Generative Models", Yu et al., OSDI 2022, 3.1). A slot whose text ends takes up the next one before
 * the next step, of the request that has the fewest slots; where no text waits, texts close ranks, so that no step
 * computes an empty slot.
 */
export class ContinuousBatch<Cache extends PromptCache> {
  private readonly running: (Running | undefined)[] = [];
  /** In the order they came. */
  private readonly requests = new Set<TextRequest>();
  private readonly caches: PromptCaches<Cache>;

  constructor(private readonly session: DecodeSession<Cache>) {
    this.caches = new PromptCaches(session);
  }

  /** Slots at work. */
  get busy(): number {
    return this.running.reduce((sum, entry) => sum + (entry ? 1 : 0), 0);
  }

  /** Whether there is anything to do. */
  get idle(): boolean {
    return this.requests.size === 0;
  }

  add(request: TextRequest): void {
    this.requests.add(request);
  }

  /** Withdraws a request: its slots are free at once, and its listener hears nothing more. */
  remove(request: TextRequest): void {
    this.requests.delete(request);
    for (const [slot, entry] of this.running.entries())
      if (entry?.request === request) this.running[slot] = undefined;
    request.slots = 0;
  }

  /**
   * Fills the free slots and takes all texts one token further.
   * @param beforeRun called before each run of the model; what it throws ends the turn.
   * @throws what the session throws; errors of one request end that request alone, and are told to its listener.
   */
  async turn(beforeRun: () => void = () => {}): Promise<void> {
    await this.fillSlots(beforeRun);
    const running = this.closeRanks();
    if (running.length === 0) return;
    beforeRun();
    const scores = await this.session.step(nextInput(running));
    const { vocabularySize } = this.session;
    for (const [slot, entry] of running.entries()) {
      // A request may have been withdrawn meanwhile.
      if (this.running[slot] === entry)
        this.attend(entry.request, () =>
          entry.request.advance(entry.draft, rowOf(scores, slot, vocabularySize)),
        );
    }
    for (const [slot, entry] of running.entries()) {
      if (this.running[slot] !== entry || !entry.draft.finished) continue;
      this.running[slot] = undefined;
      entry.request.slots--;
      this.settle(entry);
    }
  }

  private async fillSlots(beforeRun: () => void): Promise<void> {
    const { slots } = this.session;
    // Texts that end with their first token leave their slot free; a turn of nothing else would not end.
    let most = mostBegunPerSlot * slots;
    for (let slot = 0; slot < slots; slot++) {
      while (this.running[slot] === undefined && most-- > 0) {
        const entry = this.next();
        if (!entry) return;
        await this.begin(entry, slot, beforeRun);
      }
    }
  }

  /** Begins a text, whose first token comes of the prompt's scores; it may be finished with that. */
  private async begin(entry: Running, slot: number, beforeRun: () => void): Promise<void> {
    const { request, draft } = entry;
    beforeRun();
    const cache = await this.caches.get(draft.prompt, request.temperature);
    this.attend(request, () => request.advance(draft, cache.scores));
    if (!this.requests.has(request)) return;
    if (draft.finished) {
      this.settle(entry);
    } else {
      this.session.fill(slot, cache);
      this.running[slot] = entry;
      request.slots++;
    }
  }

  /** The text to begin next: of the request with the fewest slots, the earliest of several. */
  private next(): Running | undefined {
    const byNeed = [...this.requests].sort((a, b) => a.slots - b.slots);
    for (const request of byNeed) {
      const draft = request.next();
      if (draft) return { request, draft };
    }
    return undefined;
  }

  private settle({ request, draft }: Running): void {
    this.attend(request, () => request.settle(draft));
    if (!request.settled || !this.requests.delete(request)) return;
    request.end();
  }

  /** Does a request's own work; where that fails, the request ends, and the others go on. */
  private attend(request: TextRequest, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.remove(request);
      request.listener.onEnd(error);
    }
  }

  /** Moves the last texts into empty slots before them. @returns the slots in use. */
  private closeRanks(): readonly Running[] {
    const { running, session } = this;
    for (;;) {
      while (running.length > 0 && running.at(-1) === undefined) running.pop();
      const empty = running.indexOf(undefined);
      if (empty < 0) return [...(running as Running[])];
      const last = running.pop()!;
      session.move(running.length, empty, last.draft.tokensRead);
      running[empty] = last;
    }
  }
}

function nextInput(running: readonly Running[]): DecodeInput {
  return {
    tokens: Int32Array.from(running, ({ draft }) => draft.latestToken),
    lengths: Int32Array.from(running, ({ draft }) => draft.tokensRead),
    temperatures: Float32Array.from(running, ({ request }) => request.temperature),
  };
}

function rowOf({ logits, probabilities }: Scores, row: number, vocabularySize: number): Scores {
  const [start, end] = [row * vocabularySize, (row + 1) * vocabularySize];
  return { logits: logits.subarray(start, end), probabilities: probabilities.subarray(start, end) };
}
