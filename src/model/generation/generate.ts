import { InterruptedError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import type { Tokenizer } from '../tokenizer/contract.js';
import type { DecodeInput, DecodeSession, GeneratedText, PromptCache, Scores } from './contract.js';
import type { Draft } from './draft.js';
import { DraftQueue } from './draft-queue.js';
import { GenerationProgress } from './generation-progress.js';
import { effectiveTemperature, type GenerationOptions, validateGenerationOptions } from './options.js';
import { PromptCaches, readPrompts } from './prompts.js';
import { createSampler } from './sampler.js';

/**
 * Generates `options.nsamples` texts (of each prefix) and yields each when it is finished; `index` tells their order.
 * A text depends on the seed, its index and its prefix alone, not on the number of slots nor on the texts in the
 * others. A slot whose text ends takes up the next one at once; where none is left, the texts close ranks, so that
 * no step computes an empty slot. The session is left open.
 * @throws TitlesmithError (exit code 2) before any work when an option is wrong, or prefix and length exceed the
 *   session's capacity; InterruptedError between two steps once `context` asks to stop, finished texts being yielded.
 */
export async function* generateTexts<Cache extends PromptCache>(
  session: DecodeSession<Cache>,
  tokenizer: Tokenizer,
  options: GenerationOptions,
  context: WorkContext,
): AsyncGenerator<GeneratedText, void, undefined> {
  validateGenerationOptions(options);
  const prompts = readPrompts(session, tokenizer, options);
  const { slots, vocabularySize } = session;
  const temperature = effectiveTemperature(options.temperature);
  const sample = createSampler({ ...options, temperature }, vocabularySize);
  const progress = new GenerationProgress(prompts.length * options.nsamples, context, options.finished?.size);
  const queue = new DraftQueue(prompts, options, tokenizer, progress);
  const caches = new PromptCaches(session, temperature);
  const advance = (draft: Draft, scores: Scores): void => {
    draft.add(sample(scores, draft.random));
    progress.countToken();
  };
  const stopIfAsked = (): void => {
    if (context.stopRequested()) throw new InterruptedError();
  };

  const running: (Draft | undefined)[] = [];
  for (;;) {
    for (let slot = 0; slot < slots; slot++) {
      while (running[slot] === undefined) {
        const draft = queue.next();
        if (!draft) break;
        stopIfAsked();
        const cache = await caches.get(draft.prompt);
        advance(draft, cache.scores);
        if (draft.finished) {
          yield* queue.settle(draft);
        } else {
          session.fill(slot, cache);
          running[slot] = draft;
        }
      }
    }
    const drafts = closeRanks(running, session);
    if (drafts.length === 0) break;
    stopIfAsked();
    const scores = await session.step(nextInput(drafts, temperature));
    for (const [slot, draft] of drafts.entries()) advance(draft, rowOf(scores, slot, vocabularySize));
    for (const [slot, draft] of drafts.entries()) {
      if (!draft.finished) continue;
      running[slot] = undefined;
      yield* queue.settle(draft);
    }
  }
  queue.close();
}

/** Moves the last texts into empty slots before them. @returns the texts of the slots in use. */
function closeRanks(running: (Draft | undefined)[], session: DecodeSession): readonly Draft[] {
  for (;;) {
    while (running.length > 0 && running.at(-1) === undefined) running.pop();
    const empty = running.indexOf(undefined);
    if (empty < 0) return running as Draft[];
    const last = running.pop()!;
    session.move(running.length, empty, last.tokensRead);
    running[empty] = last;
  }
}

function nextInput(drafts: readonly Draft[], temperature: number): DecodeInput {
  return {
    tokens: Int32Array.from(drafts, (draft) => draft.latestToken),
    lengths: Int32Array.from(drafts, (draft) => draft.tokensRead),
    temperatures: new Float32Array(drafts.length).fill(temperature),
  };
}

function rowOf({ logits, probabilities }: Scores, row: number, vocabularySize: number): Scores {
  const [start, end] = [row * vocabularySize, (row + 1) * vocabularySize];
  return { logits: logits.subarray(start, end), probabilities: probabilities.subarray(start, end) };
}
