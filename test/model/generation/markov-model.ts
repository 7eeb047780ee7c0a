import type { DecodeSession, PromptCache } from '../../../src/model/generation/contract.js';
import type { Tokenizer } from '../../../src/model/tokenizer/contract.js';

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
  /** Slots of all steps that held a text. */
  busySlots: number;
  disposed: boolean;
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
  const results = new Float32Array(slots * vocabularySize);
  const calls: Calls = { prompts: [], steps: 0, busySlots: 0, disposed: false };
  return {
    slots,
    capacity,
    vocabularySize,
    calls,
    prefill: async (tokens) => {
      calls.prompts.push([...tokens]);
      return {
        length: tokens.length,
        history: [...tokens],
        logits: Float32Array.from(nextToken([...tokens])),
      };
    },
    fill: (slot, cache) => {
      histories[slot] = [...cache.history];
    },
    step: async (tokens, lengths) => {
      calls.steps++;
      results.fill(Number.NaN);
      for (const [slot, history] of histories.entries()) {
        const length = lengths[slot]!;
        if (length === 0) continue;
        calls.busySlots++;
        if (length > history.length || length >= capacity) {
          throw new Error(`slot ${slot} holds ${history.length} tokens of ${capacity}, not ${length}`);
        }
        history.length = length;
        history.push(tokens[slot]!);
        results.set(nextToken(history), slot * vocabularySize);
      }
      return results;
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
