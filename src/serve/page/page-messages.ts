import type { BodyOf } from '../../options/json-schema.js';
import type { samplingOptions } from '../../options/table/generation.js';
import type { ErrorBody } from '../../web/http-error.js';

/** What the page and its server say to each other, as JSON (docs/serve.md). */

/** The body of `POST /texts`: what the form asks for. */
export interface TextsRequest extends BodyOf<typeof samplingOptions> {
  readonly prompt?: string;
  /** Texts wanted. */
  readonly n?: number;
  /** Most new tokens of a text. */
  readonly length?: number;
  readonly seed?: number;
  /** Where the model was trained to be prompted by it; empty for any. */
  readonly subreddit?: string | null;
  /** Likewise: up to three words. */
  readonly keywords?: string | null;
}

/** The server-sent events of the answer: `begin`, pieces and texts as they come, then `end`; or `error` before. */
export type TextsEvent =
  | { readonly name: 'begin'; readonly data: { readonly seed: number; readonly n: number } }
  /** What was added to a text. */
  | { readonly name: 'piece'; readonly data: { readonly index: number; readonly piece: string } }
  | { readonly name: 'text'; readonly data: ShownText }
  | { readonly name: 'end'; readonly data: Readonly<Record<string, never>> }
  | { readonly name: 'error'; readonly data: ErrorBody };

/** A finished text, and what it resembles. */
export interface ShownText {
  readonly index: number;
  readonly text: string;
  /** New tokens. */
  readonly tokens: number;
  readonly finishReason: 'stop' | 'length';
  /** Why dedupe would refuse it; null where it would not, undefined where texts are not compared. */
  readonly copy?: TextRejection | null;
  /** Whether it copies a training title: a blank or broken text is refused too, but copies nothing. */
  readonly isCopied?: boolean;
  /** The training title most like it, where there is one. */
  readonly closest?: ClosestTitle | undefined;
}

export interface TextRejection {
  readonly reason: string;
  readonly evidence: string;
  /** The other training title of a glued copy. */
  readonly second: string;
}

/** Both texts word by word, and where they differ, in runs (src/report/differences.ts). */
export interface ClosestTitle {
  readonly rating: number;
  readonly text: string;
  readonly title: string;
  readonly runs: readonly number[];
}

/** The answer of `GET /health`. */
export interface Health {
  readonly status: 'ready' | 'loading' | 'shutting down';
}
