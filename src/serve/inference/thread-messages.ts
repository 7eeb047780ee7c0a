import type { SerializedError } from '../../common/serialized-error.js';
import type { CompletionEvent, CompletionRequest } from '../completion.js';
import type { ModelGroup } from '../model-groups.js';
import type { InferenceSettings, ModelFacts, ServedModel } from '../served-model.js';

/** The workerData of the worker. */
export interface WorkerInput {
  readonly group: ModelGroup;
  readonly settings: InferenceSettings;
  /** Whether titles are read when the model is loaded, or when a text is first to be compared with them. */
  readonly titles: 'at start' | 'when needed';
}

/** Messages to the worker. `id` numbers the requests; `model` is the name of theirs. */
export type ToWorker =
  | {
      readonly kind: 'begin';
      readonly id: number;
      readonly model: string;
      readonly request: CompletionRequest;
    }
  | { readonly kind: 'withdraw'; readonly id: number }
  /** Loads one more model that shares the weights, while the others generate. */
  | { readonly kind: 'add'; readonly served: ServedModel }
  | { readonly kind: 'close' };

/** Why a request ends without its texts. */
export type Rejection =
  | { readonly reason: 'too long'; readonly prefix: number; readonly promptTokens: number }
  | { readonly reason: 'failed'; readonly message: string };

/** What happens to one request. */
export type RequestEvent =
  | (CompletionEvent & { readonly id: number })
  | { readonly kind: 'end'; readonly id: number; readonly rejection: Rejection | undefined };

/** Messages from the worker. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly facts: ReadonlyMap<string, ModelFacts> }
  /** All events since the last message. @property busySlots slots that are generating, by the model's name. */
  | {
      readonly kind: 'events';
      readonly busySlots: ReadonlyMap<string, number>;
      readonly events: readonly RequestEvent[];
    }
  | { readonly kind: 'added'; readonly model: string; readonly facts: ModelFacts }
  | { readonly kind: 'not added'; readonly model: string; readonly error: SerializedError }
  | { readonly kind: 'failed'; readonly error: SerializedError };
