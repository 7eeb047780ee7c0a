import type { DecodeInput, DecodeSession, PromptCache, Scores } from '../transformer/decode-session.js';
import { PromptCaches } from './prompts.js';
import type { Sequence } from './sequence.js';

/** Sequences started in one step, for each slot. */
const maximumStartsPerSlot = 4;

/** Whoever wants sequences generated: hands them out, takes them a token further, and is told of their end. */
export interface SequenceRequest {
  /** Of its sampling: the device divides the scores by it. */
  readonly temperature: number;
  /** Slots that work for it. Kept by the batch. */
  slots: number;
  /** Whether it wants nothing more. */
  readonly finished: boolean;
  /** The sequence to start next; undefined where none waits. */
  next(): Sequence | undefined;
  /** Samples the next token of a sequence. */
  advance(sequence: Sequence, scores: Scores): void;
  /** Takes a finished sequence. */
  finish(sequence: Sequence): void;
  /** All is finished. */
  end(): void;
  /** It failed, and is withdrawn. */
  fail(error: unknown): void;
}

/** What a slot works on. */
interface Running {
  readonly request: SequenceRequest;
  readonly sequence: Sequence;
}

/**
 * The slots of a session, shared by all requests: continuous batching ("Orca: A Distributed Serving System for
 * Transformer-Based Generative Models", Yu et al., OSDI 2022, 3.1). A slot whose sequence ends takes up the next one
 * before the next step, of the request that has the fewest slots; where none waits, the sequences left move together,
 * so that no step computes an empty slot.
 */
export class ContinuousBatch<Cache extends PromptCache> {
  /** By slot. */
  private readonly running: (Running | undefined)[] = [];
  /** In the order they came. */
  private readonly requests = new Set<SequenceRequest>();
  private readonly caches: PromptCaches<Cache>;

  constructor(private readonly session: DecodeSession<Cache>) {
    this.caches = new PromptCaches(session);
  }

  /** Slots at work. */
  get busySlots(): number {
    return this.running.reduce((sum, entry) => sum + (entry ? 1 : 0), 0);
  }

  /** Whether there is nothing to do. */
  get idle(): boolean {
    return this.requests.size === 0;
  }

  add(request: SequenceRequest): void {
    this.requests.add(request);
  }

  /** Withdraws a request: its slots are free at once, and its listener is told nothing more. */
  remove(request: SequenceRequest): void {
    this.requests.delete(request);
    for (const [slot, entry] of this.running.entries())
      if (entry?.request === request) this.running[slot] = undefined;
    request.slots = 0;
  }

  /**
   * Fills the free slots and takes all sequences one token further.
   * @param beforeRun called before each run of the model; what it throws ends the step.
   * @throws what the session throws; errors of one request end that request alone, and are told to its listener.
   */
  async step(beforeRun: () => void = () => {}): Promise<void> {
    await this.fillSlots(beforeRun);
    const running = this.compact();
    if (running.length === 0) return;
    beforeRun();
    const scores = await this.session.step(nextInput(running));
    const { vocabularySize } = this.session;
    for (const [slot, entry] of running.entries()) {
      // A request may have been withdrawn meanwhile.
      if (this.running[slot] !== entry) continue;
      const { request, sequence } = entry;
      this.runIsolated(request, () => request.advance(sequence, rowOf(scores, slot, vocabularySize)));
    }
    for (const [slot, entry] of running.entries()) {
      if (this.running[slot] !== entry || !entry.sequence.finished) continue;
      this.running[slot] = undefined;
      entry.request.slots--;
      this.finish(entry);
    }
  }

  private async fillSlots(beforeRun: () => void): Promise<void> {
    const { slots } = this.session;
    // Sequences that end with their first token leave their slot free; a step of nothing else would not end.
    let starts = maximumStartsPerSlot * slots;
    for (let slot = 0; slot < slots; slot++) {
      while (this.running[slot] === undefined && starts-- > 0) {
        const entry = this.next();
        if (!entry) return;
        await this.start(entry, slot, beforeRun);
      }
    }
  }

  /** Starts a sequence, whose first token comes of the prompt's scores; it may be finished with that. */
  private async start(entry: Running, slot: number, beforeRun: () => void): Promise<void> {
    const { request, sequence } = entry;
    beforeRun();
    const cache = await this.caches.get(sequence.prompt, request.temperature);
    this.runIsolated(request, () => request.advance(sequence, cache.scores));
    if (!this.requests.has(request)) return;
    if (sequence.finished) {
      this.finish(entry);
    } else {
      this.session.fill(slot, cache);
      this.running[slot] = entry;
      request.slots++;
    }
  }

  /** The sequence to start next: of the request with the fewest slots, the earliest of several. */
  private next(): Running | undefined {
    const byNeed = [...this.requests].sort((a, b) => a.slots - b.slots);
    for (const request of byNeed) {
      const sequence = request.next();
      if (sequence) return { request, sequence };
    }
    return undefined;
  }

  private finish({ request, sequence }: Running): void {
    this.runIsolated(request, () => request.finish(sequence));
    if (request.finished && this.requests.delete(request)) request.end();
  }

  /** Runs a request's own code; where that throws, the request ends, and the others go on. */
  private runIsolated(request: SequenceRequest, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.remove(request);
      request.fail(error);
    }
  }

  /** Moves the last sequences into empty slots before them. @returns the slots in use. */
  private compact(): readonly Running[] {
    const { running, session } = this;
    for (;;) {
      while (running.length > 0 && running.at(-1) === undefined) running.pop();
      const empty = running.indexOf(undefined);
      if (empty < 0) return [...(running as Running[])];
      const last = running.pop()!;
      session.move(running.length, empty, last.sequence.tokensRead);
      running[empty] = last;
    }
  }
}

function nextInput(running: readonly Running[]): DecodeInput {
  return {
    tokens: Int32Array.from(running, ({ sequence }) => sequence.latestToken),
    lengths: Int32Array.from(running, ({ sequence }) => sequence.tokensRead),
    temperatures: Float32Array.from(running, ({ request }) => request.temperature),
  };
}

function rowOf({ logits, probabilities }: Scores, row: number, vocabularySize: number): Scores {
  const [start, end] = [row * vocabularySize, (row + 1) * vocabularySize];
  return { logits: logits.subarray(start, end), probabilities: probabilities.subarray(start, end) };
}
