import type { BodyOf } from '../../options/json-schema.js';
import type { samplingOptions } from '../../options/table/generation.js';
import type { ErrorBody } from '../../web/http-error.js';

/** JSON messages between the page and its server (docs/serve.md). */

/** The body of `POST /texts`: what the form asks for. */
export interface TextsRequest extends BodyOf<typeof samplingOptions> {
  /** The model's name; may be left out where there is one. */
  readonly model?: string;
  readonly prompt?: string;
  /** Number of texts. */
  readonly n?: number;
  /** Maximum new tokens of a text. */
  readonly length?: number;
  readonly seed?: number;
  /** For models conditioned by subreddit; empty for any. */
  readonly subreddit?: string | null;
  /** For models conditioned by keywords: up to three words. */
  readonly keywords?: string | null;
}

/** The server-sent events of the answer: `begin`, pieces and texts as they come, then `end`; or `error` before. */
export type TextsEvent =
  | { readonly name: 'begin'; readonly data: { readonly seed: number; readonly n: number } }
  /** An addition to a text. */
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
  /** Why dedupe would reject it; null when it would not, undefined when texts are not compared. */
  readonly copy?: TextRejection | null;
  /** Whether it copies a title; a blank or broken text is rejected too, but copies nothing. */
  readonly isCopied?: boolean;
  /** The closest training title, if any. */
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
