import type { TextJudgement } from '../common/judgement.js';
import type { DeviceChoice } from '../model/engine/device-names.js';
import type { GenerationOptions } from '../model/generation/options.js';
import type { FinishReason } from '../model/generation/sequence.js';
import type { ConditionName, Delimiters, Precision } from '../options/choices.js';

/** What is served. Plain data, so that it crosses threads. */
export interface Served {
  /** The name clients ask for: the run's. */
  readonly name: string;
  /** A folder, a size or a Hugging Face id, as `loadModel` takes it. */
  readonly model: string;
  /** How the model knows where titles begin and end. */
  readonly delimiters: Delimiters;
  /** The titles that texts are compared with; undefined where there are none, or they are not to be. */
  readonly titles: TitleFiles | undefined;
  /** What the model is prompted by; undefined where by nothing but a prefix. */
  readonly condition: ServedCondition | undefined;
}

/** How a run was conditioned. */
export interface ServedCondition {
  readonly names: readonly ConditionName[];
  /** Those it was trained on, where it is prompted by name. */
  readonly subreddits: readonly string[];
}

/** Dataset files of a run, and from where on a text counts as a copy. */
export interface TitleFiles {
  readonly train: string;
  readonly validation: string;
  readonly threshold: number | 'auto';
}

/** How the engine works. */
export interface EngineSettings {
  /** Texts generated side by side. */
  readonly slots: number;
  /** Longest text in tokens, its prompt included. */
  readonly capacity: number;
  readonly precision: Precision;
  readonly device: DeviceChoice;
  /** Threads of an engine on the processor. */
  readonly threads: number;
  /** Texts that may wait for a slot; more are refused. */
  readonly queue: number;
  /** Seconds a request may take. */
  readonly deadlineSeconds: number;
}

/** How the server meets its clients. */
export interface ServeSettings extends EngineSettings {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Undefined: anyone may ask. */
  readonly apiKey: string | undefined;
  /** Origins whose pages may call; `*` for all. */
  readonly corsOrigins: readonly string[];
  readonly log: 'json' | 'text' | 'off';
  /** Whether the log holds what people asked for. */
  readonly logPrompts: boolean;
}

/** What the engine knows of its model once it is loaded. */
export interface ModelFacts {
  readonly parameters: number;
  /** Longest text in tokens, prompt included: bounded by the settings and by the model's context. */
  readonly capacity: number;
  readonly vocabularySize: number;
  /** Titles that texts are compared with; 0 where none are. */
  readonly titles: number;
  /** How copies are told, one sentence; empty where they are not. */
  readonly rule: string;
  readonly loadSeconds: number;
}

/** What a face asks the engine for. */
export interface TextsWanted {
  readonly options: Pick<
    GenerationOptions,
    | 'seed'
    | 'nsamples'
    | 'length'
    | 'temperature'
    | 'topK'
    | 'topP'
    | 'truncate'
    | 'includePrefix'
    | 'hiddenPrefix'
  > & { readonly prefixes: readonly string[] };
  /** Whether a length that does not fit is shortened instead of refused. */
  readonly shorten: boolean;
  /** Whether pieces of the texts are wanted as they come. */
  readonly pieces: boolean;
  /** Whether each text is to be compared with the training titles. */
  readonly judged: boolean;
}

/** A finished text as the engine gives it. */
export interface ServedText {
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
export type TextEvent =
  /** It was taken up. @property promptTokens of each prefix. */
  | { readonly kind: 'begin'; readonly promptTokens: readonly number[] }
  /** Text was added. */
  | { readonly kind: 'piece'; readonly index: number; readonly piece: string }
  /** A text is finished. @property rest what no piece has given. */
  | { readonly kind: 'text'; readonly text: ServedText; readonly rest: string };
