import type { CopyRules } from '../common/judgement.js';
import type { TrainedCondition } from '../data/trained-condition.js';
import type { DeviceChoice } from '../model/engine/device-choice.js';
import type { Delimiters, Precision } from '../options/choices.js';

/** The model that is served. Plain data, so that it can be sent to a thread. */
export interface ServedModel {
  /** The model name in the API: the run's name. */
  readonly name: string;
  /** A folder, a size or a Hugging Face id, as `loadModel` takes it. */
  readonly model: string;
  readonly precision: Precision;
  /** The tokens that mark where titles begin and end. */
  readonly delimiters: Delimiters;
  /** The titles that texts are compared with; undefined for no comparison. */
  readonly titles: TitleFiles | undefined;
  /** What the model is prompted by; undefined when it is not. */
  readonly condition: TrainedCondition | undefined;
  /** The subreddits that its run was made of. Default: not known. */
  readonly madeOf?: readonly string[];
  /** Whose weights it generates with; default: it loads its own, those of `model`. */
  readonly shared?: SharedWeights;
}

/** The weights of a base model that several models share, and what one of them adds to these. */
export interface SharedWeights {
  /** The base model, as `loadModel` takes it. */
  readonly base: string;
  /** Of the base, as `baseIdentity` gives it: models of the same share one set of weights. */
  readonly identity: string;
  /** The checkpoint folder with the adapter, and its rank; undefined for the base model itself. */
  readonly adapter: { readonly folder: string; readonly rank: number } | undefined;
}

/** Dataset files of a run, and the threshold from which a text counts as a copy. */
export interface TitleFiles {
  readonly train: string;
  readonly validation: string;
  readonly threshold: number | 'auto';
  /** The rules that the run's outputs were judged by; undefined when they were not stored. */
  readonly rules: CopyRules | undefined;
  /** What becomes of base copies; undefined where the model does not descend from the base model. */
  readonly baseCopies: CopyRules['baseCopies'];
  /** Invented titles that training planted. */
  readonly canaries: readonly string[];
}

/** How texts are generated. */
export interface InferenceSettings {
  /** Texts generated side by side. */
  readonly slots: number;
  /** Maximum tokens of a text, prompt included. */
  readonly capacity: number;
  readonly device: DeviceChoice;
  /** CPU threads of the runtime. */
  readonly threads: number;
  /** Texts that may wait for a slot; more are rejected. */
  readonly queue: number;
  /** Maximum seconds of a request. */
  readonly deadlineSeconds: number;
}

/** Settings of the HTTP server, and of the inference behind it. */
export interface ServeSettings extends InferenceSettings {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Undefined: no key is needed. */
  readonly apiKey: string | undefined;
  /** Origins whose pages may call; `*` for all. */
  readonly corsOrigins: readonly string[];
  /** Host names that requests may use besides the server's own. */
  readonly allowedHosts: readonly string[];
  readonly log: 'json' | 'text' | 'off';
  /** Whether the log contains the parameters of requests, prompts included. */
  readonly logPrompts: boolean;
}

/** Facts about a loaded model. */
export interface ModelFacts {
  readonly parameters: number;
  /** Maximum tokens of a text, prompt included: the smaller of the setting and the model's context. */
  readonly capacity: number;
  readonly vocabularySize: number;
  /** Number of titles that texts are compared with. */
  readonly titles: number;
  /** How copies are recognized, one sentence; empty when texts are not compared. */
  readonly rule: string;
  readonly loadSeconds: number;
}
