import type { CopyRules } from '../common/judgement.js';
import type { DeviceChoice } from '../model/engine/device-choice.js';
import type { ConditionName, Delimiters, Precision } from '../options/choices.js';

/** What is served. Plain data, so that it crosses threads. */
export interface ServedModel {
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
  /** The rules that the run's outputs were judged by; undefined where they are not stored. */
  readonly rules: CopyRules | undefined;
}

/** How texts are generated. */
export interface InferenceSettings {
  /** Texts generated side by side. */
  readonly slots: number;
  /** Longest text in tokens, its prompt included. */
  readonly capacity: number;
  readonly precision: Precision;
  readonly device: DeviceChoice;
  /** Threads of the runtime on the processor. */
  readonly threads: number;
  /** Texts that may wait for a slot; more are refused. */
  readonly queue: number;
  /** Seconds a request may take. */
  readonly deadlineSeconds: number;
}

/** How the server meets its clients. */
export interface ServeSettings extends InferenceSettings {
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

/** What is known of a model once it is loaded. */
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
