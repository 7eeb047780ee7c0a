import type { SerializedError } from '../../common/serialized-error.js';
import type { CompletionEvent, CompletionRequest } from '../completion.js';
import type { InferenceSettings, ModelFacts, ServedModel } from '../served-model.js';

/** What the worker is started with. */
export interface WorkerInput {
  readonly served: ServedModel;
  readonly settings: InferenceSettings;
}

/** To the worker. Requests are named by number. */
export type ToWorker =
  | { readonly kind: 'begin'; readonly id: number; readonly request: CompletionRequest }
  | { readonly kind: 'withdraw'; readonly id: number }
  | { readonly kind: 'close' };

/** Why a request ends without its texts. */
export type Rejection =
  | { readonly why: 'too long'; readonly prefix: number; readonly promptTokens: number }
  | { readonly why: 'failed'; readonly message: string };

/** What happens to one request. */
export type RequestEvent =
  | (CompletionEvent & { readonly id: number })
  | { readonly kind: 'end'; readonly id: number; readonly rejection: Rejection | undefined };

/** From the worker. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly facts: ModelFacts }
  /** All that happened since the last message. @property busySlots slots at work. */
  | { readonly kind: 'events'; readonly busySlots: number; readonly events: readonly RequestEvent[] }
  | { readonly kind: 'failed'; readonly error: SerializedError };
