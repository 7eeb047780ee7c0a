import type { Random } from '../../common/random.js';
import type { Adapter } from '../transformer/adapters.js';
import { type Scores, scoresOfRow } from '../transformer/decode-scores.js';
import type { DecodeInput, DecodeSession, DrawInput, PromptCache } from '../transformer/decode-session.js';
import type { SamplingOptions } from './generation-options.js';
import { type Prompt, PromptCaches } from './prompts.js';
import type { Sequence } from './sequence.js';

/** Most sequences started in one step, per slot. */
const maximumStartsPerSlot = 4;

/** A request for sequences: supplies them, samples their tokens, and receives them when they are finished. */
export interface SequenceRequest {
  /** How tokens are sampled. The logits are divided by the temperature on the device. */
  readonly sampling: SamplingOptions;
  /** What its texts add to the base model, in a session that was opened for adapters. */
  readonly adapter?: Adapter | undefined;
  /** Whether that needs scores in this process, also where others' tokens are chosen on a device. */
  readonly needsScores: boolean;
  /** Number of slots that hold its sequences; maintained by the batch. */
  slots: number;
  /** Whether every sequence is finished. */
  readonly finished: boolean;
  /** The sequence to start next; undefined if none is waiting. */
  next(): Sequence | undefined;
  /** Samples the next token of a sequence. */
  advance(sequence: Sequence, scores: Scores): void;
  /** Whether it keeps the scores of tokens: {@link append} then gets them too. */
  readonly isScored: boolean;
  /** Takes the next token of a sequence, chosen where the scores are; −1 if they are not finite. */
  append(sequence: Sequence, token: number, scores?: Scores): void;
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

  /** @param promptCaches most prompts whose caches are kept; default: as many as one model needs. */
  constructor(
    private readonly session: DecodeSession<Cache>,
    promptCaches?: number,
  ) {
    this.caches = new PromptCaches(session, promptCaches);
  }

  /** Number of occupied slots. */
  get busySlots(): number {
    return this.running.reduce((sum, entry) => sum + (entry ? 1 : 0), 0);
  }

  /** Whether there is nothing to do. */
  get idle(): boolean {
    return this.requests.size === 0;
  }

  /** Keeps a prompt that was run already, so that texts which continue it need not run it again. */
  keepPrompt(prompt: Pick<Prompt, 'tokens'>, temperature: number, cache: Cache): void {
    // Where tokens are chosen on the device, prompts are run without their last token.
    if (!this.session.draw) this.caches.keep(prompt, temperature, cache);
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
    const advance = await this.runModel(running);
    for (const [slot, entry] of running.entries()) {
      // The request may have been removed meanwhile.
      if (this.running[slot] === entry) this.runIsolated(entry.request, () => advance(entry, slot));
    }
    for (const [slot, entry] of running.entries()) {
      if (this.running[slot] !== entry || !entry.sequence.finished) continue;
      this.running[slot] = undefined;
      entry.request.slots--;
      this.finish(entry);
    }
  }

  /** Runs one step. @returns what gives the sequence in a slot its next token. */
  private async runModel(running: readonly Running[]): Promise<(entry: Running, slot: number) => void> {
    const { session } = this;
    const reading = running.filter(({ request }) => request.needsScores).length;
    const ids = reading < running.length ? await session.draw?.(drawInput(running)) : undefined;
    const isScored = running.some(({ request }) => request.isScored);
    if (ids && reading === 0 && !isScored)
      return ({ request, sequence }, slot) => request.append(sequence, ids[slot]!);
    const scores = ids ? await session.drawnScores!(running.length) : await session.step(nextInput(running));
    return ({ request, sequence }, slot) => {
      const own = scoresOfRow(scores, slot, session.vocabularySize);
      if (ids && !request.needsScores) request.append(sequence, ids[slot]!, own);
      else request.advance(sequence, own);
    };
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

  /**
   * Starts a sequence. Its first token is sampled from the prompt's scores, and it may end with that token; where tokens
   * are chosen on the device, the next step reads the prompt's last token, and chooses the first new one with the others.
   */
  private async start(entry: Running, slot: number, beforeRun: () => void): Promise<void> {
    const { request, sequence } = entry;
    if (this.session.draw) {
      const tokens = sequence.prompt.tokens.subarray(0, -1);
      if (tokens.length > 0) {
        beforeRun();
        this.session.fill(slot, await this.caches.get({ tokens }, 1, request.adapter));
      }
      if (this.requests.has(request)) this.occupy(entry, slot);
      return;
    }
    beforeRun();
    const cache = await this.caches.get(sequence.prompt, request.sampling.temperature, request.adapter);
    this.runIsolated(request, () => request.advance(sequence, cache.scores));
    if (!this.requests.has(request)) return;
    if (sequence.finished) {
      this.finish(entry);
    } else {
      this.session.fill(slot, cache);
      this.occupy(entry, slot);
    }
  }

  private occupy(entry: Running, slot: number): void {
    this.running[slot] = entry;
    entry.request.slots++;
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
    temperatures: Float32Array.from(running, ({ request }) => request.sampling.temperature),
  };
}

/**
 * Takes a random number for each sequence that is not greedy, as the sampler on the processor does; none for those that
 * this one will draw.
 */
function drawInput(running: readonly Running[]): DrawInput {
  const point = ({ request, sequence }: Running): number =>
    request.sampling.temperature === 0 || request.needsScores ? 0 : pointOf(sequence.random);
  return {
    ...nextInput(running),
    topK: Int32Array.from(running, ({ request }) => request.sampling.topK),
    topP: Float32Array.from(running, ({ request }) => request.sampling.topP),
    points: Float32Array.from(running, point),
  };
}

/** A random number with the 24 bits that a float32 below 1 has room for: rounded to nearest, the largest would be 1. */
const pointOf = (random: Random): number => Math.floor(random.uniform() * 2 ** 24) / 2 ** 24;
