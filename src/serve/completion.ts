import type { TextJudgement } from '../common/judgement.js';
import type { GenerationOptions, SamplingOptions } from '../model/generation/generation-options.js';
import type { FinishReason } from '../model/generation/sequence.js';

/** What a route asks the model for. Plain data, so that it crosses threads. */
export interface CompletionRequest {
  readonly options: SamplingOptions &
    Pick<
      GenerationOptions,
      'seed' | 'nsamples' | 'length' | 'truncate' | 'includePrefix' | 'hiddenPrefix'
    > & { readonly prefixes: readonly string[] };
  /** Whether a length that does not fit is shortened instead of rejected. */
  readonly shorten: boolean;
  /** Whether what is added to the texts is wanted as it comes. */
  readonly deltas: boolean;
  /** Whether each text is to be compared with the training titles. */
  readonly judged: boolean;
}

/** Texts that a request asks for, of all its prefixes together. */
export function textCount({ options }: CompletionRequest): number {
  return options.nsamples * options.prefixes.length;
}

/** A finished text. */
export interface Completion {
  /** With the request's seed it determines the text. */
  readonly index: number;
  readonly text: string;
  /** New tokens. */
  readonly tokens: number;
  readonly finishReason: FinishReason;
  /** Where it was asked for, and there are titles. */
  readonly judgement: TextJudgement | undefined;
}

/** What happens to a request. */
export type CompletionEvent =
  /** It was taken up. @property promptTokens of each prefix. */
  | { readonly kind: 'begin'; readonly promptTokens: readonly number[] }
  /** Characters were added to a text. */
  | { readonly kind: 'delta'; readonly index: number; readonly delta: string }
  /** A text is finished. @property rest the characters that no delta has given. */
  | { readonly kind: 'text'; readonly text: Completion; readonly rest: string };

/** How a request ended. */
export type CompletionOutcome = 'done' | 'refused' | 'failed' | 'deadline' | 'withdrawn' | 'stopped';

/** What became of a request. */
export interface CompletionSummary {
  readonly outcome: CompletionOutcome;
  readonly texts: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Until the first delta, or text where deltas were not asked for. */
  readonly firstSeconds: number | undefined;
}
