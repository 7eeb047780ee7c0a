import type { SerializedError } from '../../common/serialized-error.js';
import type { CompletionEvent, CompletionRequest } from '../completion.js';
import type { InferenceSettings, ModelFacts, ServedModel } from '../served-model.js';

/** The workerData of the worker. */
export interface WorkerInput {
  readonly served: ServedModel;
  readonly settings: InferenceSettings;
}

/** Messages to the worker. `id` numbers the requests. */
export type ToWorker =
  | { readonly kind: 'begin'; readonly id: number; readonly request: CompletionRequest }
  | { readonly kind: 'withdraw'; readonly id: number }
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
  | { readonly kind: 'ready'; readonly facts: ModelFacts }
  /** All events since the last message. @property busySlots slots that are generating. */
  | { readonly kind: 'events'; readonly busySlots: number; readonly events: readonly RequestEvent[] }
  | { readonly kind: 'failed'; readonly error: SerializedError };
