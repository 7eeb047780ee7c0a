import { Worker } from 'node:worker_threads';
import { deserializeError } from '../../common/serialized-error.js';
import { HttpError } from '../../web/http-error.js';
import { type CompletionRequest, type CompletionSummary, textCount } from '../completion.js';
import type { InferenceSettings, ModelFacts, ServedModel } from '../served-model.js';
import { Submission } from './submission.js';
import type { FromWorker, Rejection, RequestEvent, ToWorker, WorkerInput } from './thread-messages.js';

/** Told of what becomes of requests, for the figures. */
interface InferenceObserver {
  onEnd(result: CompletionSummary): void;
  onRefused(status: number): void;
}

/** The longest a client is told to wait before it tries again. */
const longestRetrySeconds = 60;

/** What a rejection says before the model is loaded. */
const loading = () =>
  new HttpError(503, 'The model is being loaded. Try again in a moment.', {
    code: 'loading',
    retryAfter: 2,
  });

/** How fast texts are finished, averaged over the last ones. */
class Pace {
  private secondsPerText = 0.05;
  private lastAt: number | undefined;

  /** A text was finished. @param others whether others were under way since the one before. */
  count(others: boolean): void {
    const now = performance.now();
    if (this.lastAt !== undefined && others)
      this.secondsPerText += 0.05 * ((now - this.lastAt) / 1000 - this.secondsPerText);
    this.lastAt = now;
  }

  /** Seconds in which so many texts may be finished: whole, from 1 to the longest. */
  secondsFor(texts: number): number {
    return Math.min(longestRetrySeconds, Math.max(1, Math.ceil(texts * this.secondsPerText)));
  }
}

/**
 * The model on a thread of its own, its slots shared by all requests. Takes as many texts as there are slots and places
 * in the queue, and refuses more.
 */
export class InferenceThread {
  /** Resolves when the model is loaded. @throws TitlesmithError when it cannot be. */
  readonly ready: Promise<ModelFacts>;
  /** Settles when the thread has ended: undefined after {@link close}, else why. */
  readonly ended: Promise<Error | undefined>;
  private readonly worker: Worker;
  private readonly submissions = new Map<number, Submission>();
  private readonly pace = new Pace();
  private known: ModelFacts | undefined;
  private nextId = 0;
  private pending = 0;
  private slotsAtWork = 0;
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
        if (message.kind === 'events') this.take(message.busySlots, message.events);
        else if (message.kind === 'ready') {
          this.known = message.facts;
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
        const wanted = this.state === 'draining';
        this.state = 'ended';
        const why = wanted ? undefined : (failure ?? new Error('the inference thread ended'));
        this.endAll(new HttpError(503, 'The model has stopped.', { code: 'engine_ended' }));
        resolve(why);
      });
    });
  }

  /** What is known of the model; undefined until it is loaded. */
  get facts(): ModelFacts | undefined {
    return this.known;
  }

  /** Whether requests are taken. */
  get isReady(): boolean {
    return this.state === 'ready';
  }

  /** Slots at work. */
  get busySlots(): number {
    return this.slotsAtWork;
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
   * Takes a request.
   * @throws HttpError 503 while the model is not there, 429 when the queue is full.
   */
  submit(request: CompletionRequest): Submission {
    this.assertRoom(textCount(request));
    return this.admit(request);
  }

  /**
   * Whether so many texts could be taken now. Asked before a body is read, so that refusing costs little.
   * @throws HttpError 503 while the model is not there, 429 when the queue is full.
   */
  assertRoom(texts: number): void {
    try {
      this.checkRoom(texts);
    } catch (error) {
      if (error instanceof HttpError) this.observer.onRefused(error.status);
      throw error;
    }
  }

  private checkRoom(texts: number): void {
    if (this.state === 'loading') throw loading();
    if (this.state !== 'ready') {
      throw new HttpError(503, 'The server is shutting down.', { code: 'shutting_down', retryAfter: 5 });
    }
    const tooMany = this.pending + texts - this.maxTexts;
    if (tooMany <= 0) return;
    throw new HttpError(429, 'Too many texts are asked for at the moment. Try again later.', {
      code: 'overloaded',
      retryAfter: this.pace.secondsFor(tooMany),
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
      if (!finished) this.tell({ kind: 'withdraw', id });
      this.observer.onEnd(result);
    });
    const timer = setTimeout(() => {
      const message = `The request took longer than ${deadlineSeconds} s. Ask for fewer or shorter texts.`;
      submission.end('deadline', new HttpError(504, message, { code: 'deadline_exceeded' }));
    }, 1000 * deadlineSeconds);
    this.submissions.set(id, submission);
    this.pending += texts;
    this.tell({ kind: 'begin', id, request });
    return submission;
  }

  /** Takes no more requests; {@link close} ends those under way. */
  drain(): void {
    this.state = 'draining';
  }

  /** Ends the requests under way and the thread. */
  async close(): Promise<void> {
    if (this.state === 'ended') return;
    this.state = 'draining';
    this.endAll(new HttpError(503, 'The server is shutting down.', { code: 'shutting_down', retryAfter: 5 }));
    // A model that is being loaded does not listen.
    if (this.known === undefined) await this.worker.terminate();
    else this.tell({ kind: 'close' });
    await this.ended;
  }

  private tell(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private take(busySlots: number, events: readonly RequestEvent[]): void {
    this.slotsAtWork = busySlots;
    for (const { id, ...event } of events) {
      const submission = this.submissions.get(id);
      // A request that was withdrawn: the worker had not heard of it yet.
      if (!submission) continue;
      if (event.kind === 'end') {
        this.endOne(submission, event.rejection);
        continue;
      }
      if (event.kind === 'text') {
        this.pending--;
        this.pace.count(this.pending > 0);
      }
      submission.add(event);
    }
  }

  private endOne(submission: Submission, rejection: Rejection | undefined): void {
    if (!rejection) submission.end('done');
    else if (rejection.why === 'failed') submission.end('failed', new Error(rejection.message));
    else {
      const { prefix, promptTokens } = rejection;
      submission.end('refused', new PromptTooLong(prefix, promptTokens, this.known?.capacity ?? 0));
    }
  }

  private endAll(error: HttpError): void {
    for (const submission of this.submissions.values()) submission.end('stopped', error);
  }
}

/** A prompt leaves no room for the new tokens asked for. Each route says which of its fields that is. */
export class PromptTooLong extends Error {
  /** @param prefix which of the request's. @param capacity tokens a text may have, prompt included. */
  constructor(
    readonly prefix: number,
    readonly promptTokens: number,
    readonly capacity: number,
  ) {
    super(`prompt ${prefix + 1} has ${promptTokens} tokens`);
  }
}
