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
