import { InterruptedError, TitlesmithError, usageError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import type { Tokenizer } from '../tokenizer/contract.js';
import type { DecodeSession, GeneratedText, PromptCache } from './contract.js';
import type { Draft } from './draft.js';
import { DraftQueue } from './draft-queue.js';
import { GenerationProgress } from './generation-progress.js';
import { type GenerationOptions, validateGenerationOptions } from './options.js';
import { createSampler } from './sampler.js';

/**
 * Generates `options.nsamples` texts and yields each when it is finished; `index` tells their order. A text depends
 * on the seed and its index alone, not on the number of slots nor on the texts in the others. A slot whose text ends
 * takes up the next one at once. The session is left open.
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
  const prompt = promptTokens(session, tokenizer, options);
  const { slots, vocabularySize } = session;
  const sample = createSampler(options, vocabularySize);
  const progress = new GenerationProgress(options.nsamples, context);
  const queue = new DraftQueue(options, tokenizer, progress);
  const advance = (draft: Draft, logits: Float32Array): void => {
    draft.add(sample(logits, draft.random));
    progress.countToken();
  };
  const stopIfAsked = (): void => {
    if (context.stopRequested()) throw new InterruptedError();
  };

  stopIfAsked();
  const cache = await session.prefill(prompt);
  const running = new Array<Draft | undefined>(slots).fill(undefined);
  for (;;) {
    for (let slot = 0; slot < slots; slot++) {
      while (running[slot] === undefined) {
        const draft = queue.next();
        if (!draft) break;
        stopIfAsked();
        advance(draft, cache.logits);
        if (draft.finished) {
          yield* queue.settle(draft);
        } else {
          session.fill(slot, cache);
          running[slot] = draft;
        }
      }
    }
    if (running.every((draft) => draft === undefined)) break;
    stopIfAsked();
    const tokens = Int32Array.from(running, (draft) => draft?.latestToken ?? tokenizer.endOfTextId);
    const lengths = Int32Array.from(running, (draft) => (draft ? cache.length + draft.tokens - 1 : 0));
    const logits = await session.step(tokens, lengths);
    for (const [slot, draft] of running.entries()) {
      if (draft) advance(draft, logits.subarray(slot * vocabularySize, (slot + 1) * vocabularySize));
    }
    for (const [slot, draft] of running.entries()) {
      if (!draft?.finished) continue;
      running[slot] = undefined;
      yield* queue.settle(draft);
    }
  }
  queue.close();
}

/** The start id and the prefix. @throws TitlesmithError where the session cannot hold them with the new tokens. */
function promptTokens(
  { capacity, vocabularySize }: DecodeSession,
  tokenizer: Tokenizer,
  { prefix = '', length }: GenerationOptions,
): Int32Array {
  if (vocabularySize !== tokenizer.vocabularySize) {
    throw new TitlesmithError(
      `The model knows ${vocabularySize} tokens, but its tokenizer ${tokenizer.vocabularySize}.`,
      { code: 'vocabulary-mismatch', hint: 'The model folder mixes files of two models: make it anew.' },
    );
  }
  const prefixTokens = tokenizer.encode(prefix);
  const needed = 1 + prefixTokens.length + length;
  if (needed > capacity) {
    const room = capacity - 1 - prefixTokens.length;
    throw usageError(
      `--length ${length} does not fit: with the start token and the prefix's ${prefixTokens.length} tokens ` +
        `a text would take ${needed} positions, and the model holds ${capacity}.`,
      room < 1 ? 'Use a shorter --prefix.' : `Use --length ${room} or less, or a shorter --prefix.`,
    );
  }
  return Int32Array.from([tokenizer.endOfTextId, ...prefixTokens]);
}
