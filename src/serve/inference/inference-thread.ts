import { Worker } from 'node:worker_threads';
import { deserializeError } from '../../common/serialized-error.js';
import { HttpError } from '../../web/http-error.js';
import { type CompletionRequest, type CompletionSummary, textCount } from '../completion.js';
import type { InferenceSettings, ModelFacts, ServedModel } from '../served-model.js';
import { Submission } from './submission.js';
import type { FromWorker, Rejection, RequestEvent, ToWorker, WorkerInput } from './thread-messages.js';

/** Notified of ended and rejected requests, for the metrics. */
interface InferenceObserver {
  onEnd(result: CompletionSummary): void;
  onRejected(status: number): void;
}

/** Upper bound of Retry-After. */
const maxRetrySeconds = 60;

/** The error before the model is loaded. */
const loadingError = () =>
  new HttpError(503, 'The model is being loaded. Try again in a moment.', {
    code: 'loading',
    retryAfter: 2,
  });

/** Exponential moving average of the seconds per finished text. */
class Throughput {
  private secondsPerText = 0.05;
  private lastAt: number | undefined;

  /** Counts a finished text. @param wasBusy whether other texts were being generated since the last one. */
  count(wasBusy: boolean): void {
    const now = performance.now();
    if (this.lastAt !== undefined && wasBusy)
      this.secondsPerText += 0.05 * ((now - this.lastAt) / 1000 - this.secondsPerText);
    this.lastAt = now;
  }

  /** Expected seconds to finish a number of texts, rounded up, from 1 to {@link maxRetrySeconds}. */
  secondsFor(texts: number): number {
    return Math.min(maxRetrySeconds, Math.max(1, Math.ceil(texts * this.secondsPerText)));
  }
}

/**
 * The model on its own thread; all requests share its slots. Accepts as many texts as there are slots and places in the
 * queue, and rejects more.
 */
export class InferenceThread {
  /** Resolves when the model is loaded. @throws TitlesmithError when it cannot be. */
  readonly ready: Promise<ModelFacts>;
  /** Resolves when the thread has ended: with undefined after {@link close}, else with the error. */
  readonly ended: Promise<Error | undefined>;
  private readonly worker: Worker;
  private readonly submissions = new Map<number, Submission>();
  private readonly throughput = new Throughput();
  private loadedFacts: ModelFacts | undefined;
  private nextId = 0;
  private pending = 0;
  private currentBusySlots = 0;
  private state: 'loading' | 'ready' | 'draining' | 'ended' = 'loading';

  constructor(
    served: ServedModel,
    private readonly settings: InferenceSettings,
    private readonly observer: InferenceObserver,
  ) {
    const data: WorkerInput = { served, settings };
    this.worker = new Worker(new URL('./inference-worker.js', import.meta.url), { workerData: data });
    let failure: Error | undefined;
    this.ready = new Promise((resolve, reject) => {
      this.worker.on('message', (message: FromWorker) => {
        if (message.kind === 'events') this.receive(message.busySlots, message.events);
        else if (message.kind === 'ready') {
          this.loadedFacts = message.facts;
          if (this.state === 'loading') this.state = 'ready';
          resolve(message.facts);
        } else {
          failure = deserializeError(message.error);
        }
      });
      this.worker.on('error', (error) => {
        failure = error;
      });
      this.worker.on('exit', () =>
        reject(failure ?? new Error('the inference thread ended before it was ready')),
      );
    });
    this.ready.catch(() => {});
    this.ended = new Promise((resolve) => {
      this.worker.on('exit', () => {
        const isExpected = this.state === 'draining';
        this.state = 'ended';
        const error = isExpected ? undefined : (failure ?? new Error('the inference thread ended'));
        this.endAll(new HttpError(503, 'The model has stopped.', { code: 'engine_ended' }));
        resolve(error);
      });
    });
  }

  /** Facts about the model; undefined until it is loaded. */
  get facts(): ModelFacts | undefined {
    return this.loadedFacts;
  }

  /** Whether requests are accepted. */
  get isReady(): boolean {
    return this.state === 'ready';
  }

  /** Slots that are generating. */
  get busySlots(): number {
    return this.currentBusySlots;
  }

  /** Texts accepted and not finished. */
  get pendingTexts(): number {
    return this.pending;
  }

  /** The most texts one request may ask for. */
  get maxTexts(): number {
    return this.settings.slots + this.settings.queue;
  }

  /**
   * Submits a request to the thread.
   * @throws HttpError 503 while the model is not ready, 429 when the queue is full.
   */
  submit(request: CompletionRequest): Submission {
    this.assertRoom(textCount(request));
    return this.admit(request);
  }

  /**
   * Checks that a number of texts could be accepted now. Called before a body is read, so that rejecting is cheap.
   * @throws HttpError 503 while the model is not ready, 429 when the queue is full.
   */
  assertRoom(texts: number): void {
    try {
      this.checkRoom(texts);
    } catch (error) {
      if (error instanceof HttpError) this.observer.onRejected(error.status);
      throw error;
    }
  }

  private checkRoom(texts: number): void {
    if (this.state === 'loading') throw loadingError();
    if (this.state !== 'ready') {
      throw new HttpError(503, 'The server is shutting down.', { code: 'shutting_down', retryAfter: 5 });
    }
    const tooMany = this.pending + texts - this.maxTexts;
    if (tooMany <= 0) return;
    throw new HttpError(429, 'Too many texts are asked for at the moment. Try again later.', {
      code: 'overloaded',
      retryAfter: this.throughput.secondsFor(tooMany),
    });
  }

  private admit(request: CompletionRequest): Submission {
    const texts = textCount(request);
    const id = this.nextId++;
    const { deadlineSeconds } = this.settings;
    const submission = new Submission((result) => {
      clearTimeout(timer);
      this.submissions.delete(id);
      this.pending -= texts - result.texts;
      const finished =
        result.outcome === 'done' || result.outcome === 'refused' || result.outcome === 'failed';
      if (!finished) this.send({ kind: 'withdraw', id });
      this.observer.onEnd(result);
    });
    const timer = setTimeout(() => {
      const message = `The request took longer than ${deadlineSeconds} s. Ask for fewer or shorter texts.`;
      submission.end('deadline', new HttpError(504, message, { code: 'deadline_exceeded' }));
    }, 1000 * deadlineSeconds);
    this.submissions.set(id, submission);
    this.pending += texts;
    this.send({ kind: 'begin', id, request });
    return submission;
  }

  /** Accepts no more requests; {@link close} ends those in progress. */
  drain(): void {
    this.state = 'draining';
  }

  /** Ends the requests in progress and the thread. */
  async close(): Promise<void> {
    if (this.state === 'ended') return;
    this.state = 'draining';
    this.endAll(new HttpError(503, 'The server is shutting down.', { code: 'shutting_down', retryAfter: 5 }));
    // While it loads the model, the thread handles no messages.
    if (this.loadedFacts === undefined) await this.worker.terminate();
    else this.send({ kind: 'close' });
    await this.ended;
  }

  private send(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private receive(busySlots: number, events: readonly RequestEvent[]): void {
    this.currentBusySlots = busySlots;
    for (const { id, ...event } of events) {
      const submission = this.submissions.get(id);
      // The request was withdrawn, and the worker did not know yet.
      if (!submission) continue;
      if (event.kind === 'end') {
        this.endOne(submission, event.rejection);
        continue;
      }
      if (event.kind === 'text') {
        this.pending--;
        this.throughput.count(this.pending > 0);
      }
      submission.add(event);
    }
  }

  private endOne(submission: Submission, rejection: Rejection | undefined): void {
    if (!rejection) submission.end('done');
    else if (rejection.reason === 'failed') submission.end('failed', new Error(rejection.message));
    else {
      const { prefix, promptTokens } = rejection;
      submission.end('refused', new PromptTooLong(prefix, promptTokens, this.loadedFacts?.capacity ?? 0));
    }
  }

  private endAll(error: HttpError): void {
    for (const submission of this.submissions.values()) submission.end('stopped', error);
  }
}

/** A prompt leaves no room for the requested new tokens. Each route adds which of its fields that is. */
export class PromptTooLong extends Error {
  /** @param prefix index in the request's prefixes. @param capacity maximum tokens of a text, prompt included. */
  constructor(
    readonly prefix: number,
    readonly promptTokens: number,
    readonly capacity: number,
  ) {
    super(`prompt ${prefix + 1} has ${promptTokens} tokens`);
  }
}
