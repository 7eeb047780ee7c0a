/** Keys and values of one prompt, opaque to the sampler, copied into a slot when the slot starts a text. */
export interface PromptCache {
  /** Tokens in the prompt, the start id included. */
  readonly length: number;
  /** Logits after the prompt's last token, [vocabularySize]. */
  readonly logits: Float32Array;
}

/**
 * A model that decodes `slots` texts side by side, each at its own length. Implemented by `src/model/gpt2/decoder.ts`.
 * Slots are independent: what one holds never changes another's logits.
 */
export interface DecodeSession<Cache extends PromptCache = PromptCache> {
  readonly slots: number;
  /** Longest text (prompt and new tokens together) a slot can hold. */
  readonly capacity: number;
  readonly vocabularySize: number;
  /** Runs a prompt once. `tokens` begins with the start id; its length is at most `capacity`. */
  prefill(tokens: Int32Array): Promise<Cache>;
  /** Puts a prompt's keys and values into `slot`, forgetting what was there. */
  fill(slot: number, cache: Cache): void;
  /**
   * One token further in every slot.
   * @param tokens the token each slot continues with, [slots]; idle slots may hold any id.
   * @param lengths how many tokens each slot holds already, [slots] (the new token's position); 0 for idle slots.
   * @returns logits, [slots, vocabularySize] row-major; valid until the next call.
   */
  step(tokens: Int32Array, lengths: Int32Array): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export type FinishReason = 'stop' | 'length';

/** One generated text; a line of generated.jsonl. */
export interface GeneratedText {
  /** Position in the whole request, from 0. With `seed` it determines the text. */
  readonly index: number;
  readonly text: string;
  /** New tokens, the end token not counted. */
  readonly tokens: number;
  /** `stop`: end token or truncation text; `length`: the token limit. */
  readonly finishReason: FinishReason;
  readonly seed: number;
}
