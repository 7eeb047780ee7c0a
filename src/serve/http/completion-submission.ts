import { HttpError } from '../../web/http-error.js';
import type { HttpReply } from '../../web/server/http-app.js';
import type { CompletionEvent, CompletionRequest, FinishedText } from '../completion.js';
import { PromptTooLong } from '../inference/inference-thread.js';
import type { ModelPool, PooledModel } from '../inference/model-pool.js';
import type { Submission } from '../inference/submission.js';
import type { Metrics } from '../metrics.js';
import type { ServeSettings } from '../served-model.js';
import type { Log } from './request-log.js';

/** What the routes need. */
export interface RouteContext {
  readonly models: ModelPool;
  readonly settings: ServeSettings;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Where to find the details of an unexpected error; shown to clients. */
export const internalErrorHint = 'the log says what';

/**
 * Submits a request to the model; it is withdrawn at once when the client disconnects early.
 * @throws HttpError 503 while the model is not ready, 429 when the queue is full.
 */
export function submit(model: PooledModel, reply: HttpReply, request: CompletionRequest): Submission {
  const submission = model.submit(request);
  reply.raw.once('close', () => {
    submission.end('withdrawn', new HttpError(499, 'The client has left.', { code: 'client_left' }));
  });
  return submission;
}

/** The texts of a request in the order of their index, and the tokens of each prompt. */
export interface Completions {
  readonly texts: readonly FinishedText[];
  readonly promptTokens: readonly number[];
}

/**
 * Waits for all texts of a request.
 * @param promptField name of the route's prompt field.
 * @throws HttpError 400 when a prompt is too long; any other error that ended the request.
 */
export async function collect(submission: Submission, promptField: string): Promise<Completions> {
  const texts: FinishedText[] = [];
  const { promptTokens, events } = await waitForStart(submission, promptField);
  for await (const event of events) if (event.kind === 'text') texts.push(event);
  return { texts: texts.sort((a, b) => a.text.index - b.text.index), promptTokens };
}

/** A request that the model has accepted: it can no longer be invalid. */
export interface StartedCompletion {
  /** Of each prompt. */
  readonly promptTokens: readonly number[];
  /** All further events. */
  readonly events: AsyncGenerator<CompletionEvent, void, undefined>;
}

/**
 * Waits until the model has accepted a request.
 * @param promptField name of the route's prompt field.
 * @throws HttpError 400 when a prompt is too long; any other error that ended the request.
 */
export async function waitForStart(submission: Submission, promptField: string): Promise<StartedCompletion> {
  const events = submission.events();
  try {
    const first = await events.next();
    const promptTokens = !first.done && first.value.kind === 'begin' ? first.value.promptTokens : [];
    return { promptTokens, events };
  } catch (error) {
    if (!(error instanceof PromptTooLong)) throw error;
    const message =
      `${promptField} takes ${error.promptTokens} tokens, its start included, and a text may have ` +
      `${error.capacity} with it: use a shorter one, or ask for fewer new tokens.`;
    throw new HttpError(400, message, { code: 'context_length_exceeded', field: promptField });
  }
}
