import type { TextJudgement } from '../common/judgement.js';
import type { GenerationOptions, SamplingOptions } from '../model/generation/generation-options.js';
import type { FinishReason } from '../model/generation/sequence.js';

/** A prompt: text, which the model reads behind its start token, or token ids, which are all that it reads. */
export type PromptInput = string | readonly number[];

/** What a route asks the model for. Plain data, so that it crosses threads. */
export interface CompletionRequest {
  readonly options: SamplingOptions &
    Pick<GenerationOptions, 'seed' | 'nsamples' | 'length' | 'truncate' | 'includePrefix' | 'hiddenPrefix'>;
  /** `nsamples` texts continue each. */
  readonly prompts: readonly PromptInput[];
  /** Whether tokens are scored by the model's own probabilities; undefined for no scores. */
  readonly scores?: {
    /** Likeliest tokens to name for each token. */
    readonly alternatives: number;
    /** Whether the prompt's tokens are scored too. */
    readonly ofPrompt: boolean;
  };
  /** Whether a length that does not fit is shortened instead of rejected. */
  readonly shorten: boolean;
  /** Whether to send each addition to a text as it is generated. */
  readonly deltas: boolean;
  /** Whether to compare each text with the training titles. */
  readonly judged: boolean;
}

/** Number of texts that a request asks for, over all its prompts. */
export function textCount({ options, prompts }: CompletionRequest): number {
  return options.nsamples * prompts.length;
}

/** A finished text. */
export interface Completion {
  /** Determines the text, together with the request's seed. */
  readonly index: number;
  readonly text: string;
  /** New tokens. */
  readonly tokens: number;
  readonly finishReason: FinishReason;
  /** Undefined unless the request asked for it and there are titles. */
  readonly judgement: TextJudgement | undefined;
}

/** Tokens with their log probabilities (natural logarithm), as lists of equal length. */
export interface LogProbabilities {
  readonly tokens: readonly string[];
  /** Null for the first token of a prompt. */
  readonly tokenLogprobs: readonly (number | null)[];
  /** The likeliest tokens at each place, and the token itself. */
  readonly topLogprobs: readonly (Readonly<Record<string, number>> | null)[];
  /** Where each begins, in characters (code points) from the start of the prompt. */
  readonly textOffset: readonly number[];
}

/** A text is finished. */
export interface FinishedText {
  readonly kind: 'text';
  readonly text: Completion;
  /** The characters after the last delta. */
  readonly rest: string;
  /** Of the tokens after the last delta. */
  readonly logprobs?: LogProbabilities;
  /** ln p a token of the text, its end token included; where scores are asked for. */
  readonly meanLogProbability?: number;
}

/** What happens to a request. */
export type CompletionEvent =
  /** The model accepted it. @property promptTokens of each prefix. */
  | { readonly kind: 'begin'; readonly promptTokens: readonly number[] }
  /** Characters were added to a text. */
  | {
      readonly kind: 'delta';
      readonly index: number;
      readonly delta: string;
      readonly logprobs?: LogProbabilities;
    }
  | FinishedText;

/** How a request ended. */
export type CompletionOutcome = 'done' | 'refused' | 'failed' | 'deadline' | 'withdrawn' | 'stopped';

/** Outcome and size of an ended request. */
export interface CompletionSummary {
  readonly outcome: CompletionOutcome;
  readonly texts: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Seconds until the first delta, or the first text without deltas. */
  readonly firstSeconds: number | undefined;
}
