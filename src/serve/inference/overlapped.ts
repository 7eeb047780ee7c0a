import type { DecodeSession, PromptCache } from '../../model/transformer/decode-session.js';

/**
 * A session that does `work` while each step computes: the model runs beside this thread, which would only wait.
 * @param work must not touch the session.
 */
export function overlapped<Cache extends PromptCache>(
  session: DecodeSession<Cache>,
  work: () => void,
): DecodeSession<Cache> {
  return {
    slots: session.slots,
    capacity: session.capacity,
    vocabularySize: session.vocabularySize,
    prefill: (tokens, temperature) => session.prefill(tokens, temperature),
    fill: (slot, cache) => session.fill(slot, cache),
    move: (from, to, length) => session.move(from, to, length),
    step: (input) => {
      const scores = session.step(input);
      work();
      return scores;
    },
    dispose: () => session.dispose(),
  };
}
