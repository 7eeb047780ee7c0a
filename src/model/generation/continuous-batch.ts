import type { DecodeInput, DecodeSession, PromptCache, Scores } from '../transformer/decode-session.js';
import { PromptCaches } from './prompts.js';
import type { Sequence } from './sequence.js';

/** Most sequences started in one step, per slot. */
const maximumStartsPerSlot = 4;

/** A request for sequences: supplies them, samples their tokens, and receives them when they are finished. */
export interface SequenceRequest {
  /** Sampling temperature: the logits are divided by it on the device. */
  readonly temperature: number;
  /** Number of slots that hold its sequences; maintained by the batch. */
  slots: number;
  /** Whether every sequence is finished. */
  readonly finished: boolean;
  /** The sequence to start next; undefined if none is waiting. */
  next(): Sequence | undefined;
  /** Samples the next token of a sequence. */
  advance(sequence: Sequence, scores: Scores): void;
  /** Takes a finished sequence. */
  finish(sequence: Sequence): void;
  /** Called when every sequence is finished. */
  end(): void;
  /** Called when the request failed and has been removed. */
  fail(error: unknown): void;
}

/** The sequence in a slot, and whose it is. */
interface Running {
  readonly request: SequenceRequest;
  readonly sequence: Sequence;
}

/**
 * The slots of a session, shared by all requests: continuous batching ("Orca: A Distributed Serving System for
 * Transformer-Based Generative Models", Yu et al., OSDI 2022, 3.1). A slot whose sequence ends starts another
 * before the next step, one of the request that has the fewest slots; if none is waiting, the remaining sequences are
 * moved to the first slots, so that no step computes an empty one.
 */
export class ContinuousBatch<Cache extends PromptCache> {
  /** Indexed by slot. */
  private readonly running: (Running | undefined)[] = [];
  /** In order of arrival. */
  private readonly requests = new Set<SequenceRequest>();
  private readonly caches: PromptCaches<Cache>;

  constructor(private readonly session: DecodeSession<Cache>) {
    this.caches = new PromptCaches(session);
  }

  /** Number of occupied slots. */
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

  /** Removes a request: its slots are free at once, and nothing more of it is called. */
  remove(request: SequenceRequest): void {
    this.requests.delete(request);
    for (const [slot, entry] of this.running.entries())
      if (entry?.request === request) this.running[slot] = undefined;
    request.slots = 0;
  }

  /**
   * Fills the free slots and generates one token of every sequence.
   * @param beforeRun called before each run of the model; what it throws ends the step.
   * @throws what the session throws; an error of one request ends only that request, through its `fail`.
   */
  async step(beforeRun: () => void = () => {}): Promise<void> {
    await this.fillSlots(beforeRun);
    const running = this.compact();
    if (running.length === 0) return;
    beforeRun();
    const scores = await this.session.step(nextInput(running));
    const { vocabularySize } = this.session;
    for (const [slot, entry] of running.entries()) {
      // The request may have been removed meanwhile.
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
    // Sequences that end with their first token leave their slot free: without a bound, a step might never end.
    let starts = maximumStartsPerSlot * slots;
    for (let slot = 0; slot < slots; slot++) {
      while (this.running[slot] === undefined && starts-- > 0) {
        const entry = this.next();
        if (!entry) return;
        await this.start(entry, slot, beforeRun);
      }
    }
  }

  /** Starts a sequence. Its first token is sampled from the prompt's scores; it may end with that token. */
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

  /** The sequence to start next, from the request with the fewest slots (the earliest of several). */
  private next(): Running | undefined {
    const byFewestSlots = [...this.requests].sort((a, b) => a.slots - b.slots);
    for (const request of byFewestSlots) {
      const sequence = request.next();
      if (sequence) return { request, sequence };
    }
    return undefined;
  }

  private finish({ request, sequence }: Running): void {
    this.runIsolated(request, () => request.finish(sequence));
    if (request.finished && this.requests.delete(request)) request.end();
  }

  /** Calls a request's code; if it throws, that request ends and the others go on. */
  private runIsolated(request: SequenceRequest, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.remove(request);
      request.fail(error);
    }
  }

  /** Moves the last sequences into empty slots before them. @returns the occupied slots. */
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
