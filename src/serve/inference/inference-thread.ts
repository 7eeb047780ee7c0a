import { Worker } from 'node:worker_threads';
import { deserializeError } from '../../common/serialized-error.js';
import { HttpError } from '../../web/http-error.js';
import { type CompletionRequest, type CompletionSummary, textCount } from '../completion.js';
import type { InferenceSettings, ModelFacts, ServedModel } from '../served-model.js';
import { Submission } from './submission.js';
import type { FromWorker, Rejection, RequestEvent, ToWorker, WorkerInput } from './thread-messages.js';

/** Notified of ended and rejected requests, for the metrics. */
export interface InferenceObserver {
  /** @param model its name. */
  onEnd(model: string, result: CompletionSummary): void;
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

/** A request that was admitted, and whose it is. */
interface Admitted {
  readonly model: string;
  readonly submission: Submission;
}

/**
 * Models that share their weights, or one alone, on their own thread; all requests share its slots. Accepts as many
 * texts as there are slots and places in the queue, and rejects more.
 */
export class InferenceThread {
  /** Resolves when the models are loaded: facts by name. @throws TitlesmithError when one cannot be. */
  readonly ready: Promise<ReadonlyMap<string, ModelFacts>>;
  /** Resolves when the thread has ended: with undefined after {@link close}, else with the error. */
  readonly ended: Promise<Error | undefined>;
  private readonly worker: Worker;
  private readonly admitted = new Map<number, Admitted>();
  private readonly throughput = new Throughput();
  private loadedFacts: Map<string, ModelFacts> | undefined;
  /** Models that are being added, by name. */
  private readonly adding = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  private nextId = 0;
  /** Texts that were accepted and are not finished, by the model's name. */
  private readonly pending = new Map<string, number>();
  private currentBusySlots: ReadonlyMap<string, number> = new Map();
  private state: 'loading' | 'ready' | 'draining' | 'ended' = 'loading';

  constructor(
    { group, titles }: Pick<WorkerInput, 'group' | 'titles'>,
    private readonly settings: InferenceSettings,
    private readonly observer: InferenceObserver,
  ) {
    const data: WorkerInput = { group, titles, settings };
    this.worker = new Worker(new URL('./inference-worker.js', import.meta.url), { workerData: data });
    let failure: Error | undefined;
    this.ready = new Promise((resolve, reject) => {
      this.worker.on('message', (message: FromWorker) => {
        if (message.kind === 'events') this.receive(message.busySlots, message.events);
        else if (message.kind === 'ready') {
          this.loadedFacts = new Map(message.facts);
          if (this.state === 'loading') this.state = 'ready';
          resolve(message.facts);
        } else if (message.kind === 'added') {
          this.loadedFacts?.set(message.model, message.facts);
          this.adding.get(message.model)?.resolve();
        } else if (message.kind === 'not added') {
          this.adding.get(message.model)?.reject(deserializeError(message.error));
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

  /** Facts about a model; undefined until it is loaded. */
  factsOf(model: string): ModelFacts | undefined {
    return this.loadedFacts?.get(model);
  }

  /** Whether the models are being loaded. */
  get isLoading(): boolean {
    return this.state === 'loading';
  }

  /** Whether requests are accepted. */
  get isReady(): boolean {
    return this.state === 'ready';
  }

  /** Slots that are generating for a model. */
  busySlotsOf(model: string): number {
    return this.currentBusySlots.get(model) ?? 0;
  }

  /** Texts of a model accepted and not finished. */
  pendingTextsOf(model: string): number {
    return this.pending.get(model) ?? 0;
  }

  /** The most texts one request may ask for. */
  get maxTexts(): number {
    return this.settings.slots + this.settings.queue;
  }

  /**
   * Submits a request for a model, by its name, to the thread.
   * @throws HttpError 503 while the model is not ready, 429 when the queue is full.
   */
  submit(model: string, request: CompletionRequest): Submission {
    this.assertRoom(textCount(request));
    return this.admit(model, request);
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

  /**
   * Loads one more model that shares the weights, while the others generate.
   * @throws TitlesmithError when it cannot be loaded, and an error when the thread ends before it is.
   */
  async add(served: ServedModel): Promise<void> {
    const { name } = served;
    try {
      await new Promise<void>((resolve, reject) => {
        this.adding.set(name, { resolve, reject });
        void this.ended.then(() => reject(new Error('the inference thread has ended')));
        this.send({ kind: 'add', served });
      });
    } finally {
      this.adding.delete(name);
    }
  }

  /** Whether a number of texts could be accepted now. */
  hasRoom(texts: number): boolean {
    return this.state === 'ready' && this.allPending + texts <= this.maxTexts;
  }

  private checkRoom(texts: number): void {
    if (this.state === 'loading') throw loadingError();
    if (this.state !== 'ready') {
      throw new HttpError(503, 'The server is shutting down.', { code: 'shutting_down', retryAfter: 5 });
    }
    const tooMany = this.allPending + texts - this.maxTexts;
    if (tooMany <= 0) return;
    throw new HttpError(429, 'Too many texts are asked for at the moment. Try again later.', {
      code: 'overloaded',
      retryAfter: this.throughput.secondsFor(tooMany),
    });
  }

  /** Texts of all models accepted and not finished. */
  private get allPending(): number {
    return [...this.pending.values()].reduce((sum, texts) => sum + texts, 0);
  }

  private addPending(model: string, texts: number): void {
    this.pending.set(model, this.pendingTextsOf(model) + texts);
  }

  private admit(model: string, request: CompletionRequest): Submission {
    const texts = textCount(request);
    const id = this.nextId++;
    const { deadlineSeconds } = this.settings;
    const submission = new Submission((result) => {
      clearTimeout(timer);
      this.admitted.delete(id);
      this.addPending(model, result.texts - texts);
      const finished =
        result.outcome === 'done' || result.outcome === 'refused' || result.outcome === 'failed';
      if (!finished) this.send({ kind: 'withdraw', id });
      this.observer.onEnd(model, result);
    });
    const timer = setTimeout(() => {
      const message = `The request took longer than ${deadlineSeconds} s. Ask for fewer or shorter texts.`;
      submission.end('deadline', new HttpError(504, message, { code: 'deadline_exceeded' }));
    }, 1000 * deadlineSeconds);
    this.admitted.set(id, { model, submission });
    this.addPending(model, texts);
    this.send({ kind: 'begin', id, model, request });
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

  private receive(busySlots: ReadonlyMap<string, number>, events: readonly RequestEvent[]): void {
    this.currentBusySlots = busySlots;
    for (const { id, ...event } of events) {
      const admitted = this.admitted.get(id);
      // The request was withdrawn, and the worker did not know yet.
      if (!admitted) continue;
      const { model, submission } = admitted;
      if (event.kind === 'end') {
        this.endOne(admitted, event.rejection);
        continue;
      }
      if (event.kind === 'text') {
        this.addPending(model, -1);
        this.throughput.count(this.allPending > 0);
      }
      submission.add(event);
    }
  }

  private endOne({ model, submission }: Admitted, rejection: Rejection | undefined): void {
    if (!rejection) submission.end('done');
    else if (rejection.reason === 'failed') submission.end('failed', new Error(rejection.message));
    else {
      const { prefix, promptTokens } = rejection;
      submission.end('refused', new PromptTooLong(prefix, promptTokens, this.factsOf(model)?.capacity ?? 0));
    }
  }

  private endAll(error: HttpError): void {
    for (const { submission } of this.admitted.values()) submission.end('stopped', error);
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
