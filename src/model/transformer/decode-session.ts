/** What the model says about the next token of each row. Valid until the session's next call. */
export interface Scores {
  /** [rows, vocabularySize] row-major, divided by the row's temperature; as they are where that is 0. */
  readonly logits: Float32Array;
  /** Softmax of the logits, row by row. */
  readonly probabilities: Float32Array;
}

/** What a prompt leaves behind, copied into a slot when the slot starts a text. */
export interface PromptCache {
  /** Tokens in the prompt. */
  readonly length: number;
  /** One row: what comes after the prompt's last token. */
  readonly scores: Scores;
}

/** The next token of each of the first slots. */
export interface DecodeInput {
  /** The token each slot goes on with. */
  readonly tokens: Int32Array;
  /** How many tokens each slot holds already: the new token's position. */
  readonly lengths: Int32Array;
  /** What the logits are divided by; 0 leaves them as they are. */
  readonly temperatures: Float32Array;
}

/**
 * A model that decodes up to `slots` texts side by side, each at its own length (./decoder.ts opens one). Slots are
 * independent: what one holds never changes another's scores.
 */
export interface DecodeSession<Cache extends PromptCache = PromptCache> {
  readonly slots: number;
  /** Longest text (prompt and new tokens together) a slot can hold. */
  readonly capacity: number;
  readonly vocabularySize: number;
  /** Runs a prompt of 1 to `capacity` tokens once. Slots are left as they are. */
  prefill(tokens: Int32Array, temperature: number): Promise<Cache>;
  /** Puts a prompt's keys and values into `slot`, forgetting what was there. */
  fill(slot: number, cache: Cache): void;
  /** Copies the first `length` tokens that a slot holds into another. */
  move(from: number, to: number, length: number): void;
  /** One token further in as many of the first slots as the input has rows. */
  step(input: DecodeInput): Promise<Scores>;
  dispose(): Promise<void>;
}
