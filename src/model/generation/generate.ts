import { InterruptedError } from '../../common/errors.js';
import type { WorkContext } from '../../common/progress.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { DecodeSession, PromptCache } from '../transformer/decode-session.js';
import { ContinuousBatch } from './continuous-batch.js';
import type { GenerationOptions } from './generation-options.js';
import { GenerationRequest } from './generation-request.js';
import type { Prompt } from './prompts.js';
import type { GeneratedText } from './sequence.js';

/**
 * Generates `options.nsamples` texts (of each prefix) and yields each when it is finished; `index` tells their order.
 * A text depends on the seed, its index and its prefix alone, not on the number of slots nor on the texts in the
 * others. A slot whose text ends takes up the next one at once (./continuous-batch.ts). The session is left open.
 * @param prompts what `encodePrompts` makes of the options, where that has been done already.
 * @throws TitlesmithError `usage` before any work when an option is wrong, or prefix and length exceed the
 *   session's capacity; InterruptedError between two steps once `context` asks to stop, finished texts being yielded.
 */
export async function* generateTexts<Cache extends PromptCache>(
  session: DecodeSession<Cache>,
  tokenizer: Tokenizer,
  options: GenerationOptions,
  context: WorkContext,
  prompts?: readonly Prompt[],
): AsyncGenerator<GeneratedText, void, undefined> {
  const finished: GeneratedText[] = [];
  let failure: { readonly error: unknown } | undefined;
  const listener = {
    onText: (text: GeneratedText) => {
      finished.push(text);
    },
    onEnd: (error?: unknown) => {
      if (error !== undefined) failure = { error };
    },
  };
  const batch = new ContinuousBatch(session);
  batch.add(new GenerationRequest(session, tokenizer, options, listener, { context, prompts }));
  const stopIfAsked = (): void => {
    if (context.signal.aborted) throw new InterruptedError();
  };
  while (!batch.idle) {
    try {
      await batch.step(stopIfAsked);
    } finally {
      yield* finished.splice(0);
    }
    if (failure) throw failure.error;
  }
}
