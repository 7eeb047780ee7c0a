import type { Tokenizer } from '../../../src/model/tokenizer/tokenizer.js';
import type { Scores } from '../../../src/model/transformer/decode-scores.js';
import type { DecodeSession, PromptCache } from '../../../src/model/transformer/decode-session.js';

/** A tokenizer given by the bytes of its tokens; the last id, which has none, is the end token. */
export function tokenizerOf(...tokens: readonly (string | readonly number[])[]): Tokenizer {
  const bytes = tokens.map((token) => Buffer.from(token as string));
  const tokenBytes = (token: number): Uint8Array => bytes[token] ?? new Uint8Array();
  return {
    vocabularySize: tokens.length + 1,
    endOfTextId: tokens.length,
    tokenBytes,
    decode: (ids) => Buffer.concat([...ids].map(tokenBytes)).toString(),
    encode: (text) => {
      const ids: number[] = [];
      let rest = Buffer.from(text);
      while (rest.length > 0) {
        const id = bytes.findIndex((token) => rest.subarray(0, token.length).equals(token));
        if (id < 0) throw new Error(`no token for ${rest.toString()}`);
        ids.push(id);
        rest = rest.subarray(bytes[id]!.length);
      }
      return ids;
    },
    files: () => new Map(),
  };
}

/** Log-probabilities of the next token after `history` (start id first), [V]. */
export type NextToken = (history: readonly number[]) => number[];

interface HistoryCache extends PromptCache {
  readonly history: readonly number[];
}

/** What a session was asked to do. */
export interface Calls {
  prompts: number[][];
  steps: number;
  /** Rows of all steps. */
  busySlots: number;
  disposed: boolean;
}

/** Scores of one row, in double precision until they are stored. */
export function scoresOf(logits: readonly number[], temperature: number): Scores {
  const scaled = logits.map((logit) => logit / (temperature || 1));
  const highest = Math.max(...scaled);
  const weights = scaled.map((logit) => Math.exp(logit - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    logits: Float32Array.from(scaled),
    probabilities: Float32Array.from(weights, (weight) => weight / total),
  };
}

/**
 * A language model computed exactly from the whole history of each slot, which it keeps as the contract of
 * DecodeSession says: what a slot holds is its prompt and the tokens it was stepped with.
 */
export function sessionOf(
  nextToken: NextToken,
  { slots, capacity = 100 }: { slots: number; capacity?: number },
): DecodeSession<HistoryCache> & { readonly calls: Calls } {
  const vocabularySize = nextToken([0]).length;
  const histories: number[][] = Array.from({ length: slots }, () => []);
  const size = slots * vocabularySize;
  const scores = { logits: new Float32Array(size), probabilities: new Float32Array(size) };
  const calls: Calls = { prompts: [], steps: 0, busySlots: 0, disposed: false };
  return {
    slots,
    capacity,
    vocabularySize,
    calls,
    prefill: async (tokens, temperature) => {
      calls.prompts.push([...tokens]);
      const history = [...tokens];
      return { length: history.length, history, scores: scoresOf(nextToken(history), temperature) };
    },
    fill: (slot, cache) => {
      histories[slot] = [...cache.history];
    },
    move: (from, to, length) => {
      histories[to] = histories[from]!.slice(0, length);
      histories[from] = [];
    },
    step: async ({ tokens, lengths, temperatures }) => {
      calls.steps++;
      scores.logits.fill(Number.NaN);
      scores.probabilities.fill(Number.NaN);
      for (const [slot, token] of tokens.entries()) {
        const history = histories[slot]!;
        const length = lengths[slot]!;
        calls.busySlots++;
        if (length !== history.length || length >= capacity) {
          throw new Error(`slot ${slot} holds ${history.length} tokens of ${capacity}, not ${length}`);
        }
        history.push(token);
        const row = scoresOf(nextToken(history), temperatures[slot]!);
        scores.logits.set(row.logits, slot * vocabularySize);
        scores.probabilities.set(row.probabilities, slot * vocabularySize);
      }
      return scores;
    },
    dispose: async () => {
      calls.disposed = true;
    },
  };
}

/** A bigram model from rows of probabilities: `rows[last token]`, [V,V]. The start token's row is the end token's. */
export function bigrams(rows: readonly (readonly number[])[]): NextToken {
  return (history) => rows[history.at(-1)!]!.map(Math.log);
}

/** A model that always goes through these ids, by position after the start token, then ends. */
export function recital(vocabularySize: number, ids: readonly number[]): NextToken {
  return (history) => {
    const next = ids[history.length - 1] ?? vocabularySize - 1;
    return Array.from({ length: vocabularySize }, (_, id) => (id === next ? 0 : Number.NEGATIVE_INFINITY));
  };
}
