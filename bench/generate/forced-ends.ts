import type { Scores } from '../../src/model/transformer/decode-scores.js';
import type { DecodeInput, DecodeSession, PromptCache } from '../../src/model/transformer/decode-session.js';

/** A session whose texts have given lengths, however long the model would have made them. */
export interface ForcedSession<Cache extends PromptCache> extends DecodeSession<Cache> {
  /** Steps so far, and the rows they computed. */
  readonly use: { steps: number; rows: number };
}

/**
 * Ends the texts after `lengths` tokens, in the order in which slots take them up: the end token is impossible before
 * and certain then. So random weights generate as many tokens as real titles have.
 * @param lengths new tokens of each text, at least 1.
 */
export function forceEnds<Cache extends PromptCache>(
  session: DecodeSession<Cache>,
  endToken: number,
  lengths: readonly number[],
): ForcedSession<Cache> {
  const targets = new Array<number>(session.slots).fill(0);
  const use = { steps: 0, rows: 0 };
  let begun = 0;
  const force = ({ logits, probabilities }: Scores, row: number, ends: boolean): void => {
    const [start, end] = [row * session.vocabularySize, (row + 1) * session.vocabularySize];
    if (ends) {
      logits.fill(Number.NEGATIVE_INFINITY, start, end);
      probabilities.fill(0, start, end);
    }
    logits[start + endToken] = ends ? 0 : Number.NEGATIVE_INFINITY;
    probabilities[start + endToken] = ends ? 1 : 0;
  };
  return {
    slots: session.slots,
    capacity: session.capacity,
    vocabularySize: session.vocabularySize,
    use,
    prefill: async (tokens, temperature) => {
      const cache = await session.prefill(tokens, temperature);
      force(cache.scores, 0, false);
      return cache;
    },
    fill: (slot, cache) => {
      targets[slot] = cache.length + lengths[begun++ % lengths.length]!;
      session.fill(slot, cache);
    },
    move: (from, to, length) => {
      targets[to] = targets[from]!;
      session.move(from, to, length);
    },
    step: async (input: DecodeInput) => {
      const scores = await session.step(input);
      use.steps++;
      use.rows += input.tokens.length;
      for (const [row, held] of input.lengths.entries()) force(scores, row, held + 1 === targets[row]);
      return scores;
    },
    dispose: () => session.dispose(),
  };
}
