import type { ErrorMessage } from '../../common/packed-error.js';
import type { EngineSettings, ModelFacts, Served, TextEvent, TextsWanted } from '../served-model.js';

/** What the engine's thread is started with. */
export interface EngineData {
  readonly served: Served;
  readonly settings: EngineSettings;
}

/** To the thread. Requests are named by number. */
export type ToEngine =
  | { readonly kind: 'begin'; readonly id: number; readonly wanted: TextsWanted }
  | { readonly kind: 'withdraw'; readonly id: number }
  | { readonly kind: 'close' };

/** Why a request ends without its texts. */
export type Refusal =
  | { readonly why: 'too long'; readonly prefix: number; readonly promptTokens: number }
  | { readonly why: 'failed'; readonly message: string };

/** What happens to one request. */
export type RequestEvent =
  | (TextEvent & { readonly id: number })
  | { readonly kind: 'end'; readonly id: number; readonly refusal: Refusal | undefined };

/** From the thread. */
export type FromEngine =
  | { readonly kind: 'ready'; readonly facts: ModelFacts }
  /** All that happened since the last message. @property busy slots at work. */
  | { readonly kind: 'events'; readonly busy: number; readonly events: readonly RequestEvent[] }
  | { readonly kind: 'failed'; readonly error: ErrorMessage };
