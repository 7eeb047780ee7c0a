import { about, TitlesmithError } from '../../common/errors.js';
import { fieldError, HttpError } from '../../web/http-error.js';
import type { CompletionRequest } from '../completion.js';
import { groupsOf, weightsOf } from '../model-groups.js';
import type { InferenceSettings, ModelFacts, ServedModel } from '../served-model.js';
import { type InferenceObserver, InferenceThread } from './inference-thread.js';
import type { Submission } from './submission.js';

/** Most names that an error lists. */
const mostListed = 100;

/** A model of the server, with the thread that generates for it. */
export class PooledModel {
  constructor(
    readonly served: ServedModel,
    private readonly thread: InferenceThread,
  ) {}

  /** What clients call it. */
  get name(): string {
    return this.served.name;
  }

  /** Resolves when it is loaded. @throws TitlesmithError when it cannot be. */
  get loaded(): Promise<unknown> {
    return this.thread.ready;
  }

  /** Resolves when it has stopped: with undefined where it was closed, else with the error. */
  get ended(): Promise<Error | undefined> {
    return this.thread.ended;
  }

  /** Undefined until it is loaded. */
  get facts(): ModelFacts | undefined {
    return this.thread.factsOf(this.name);
  }

  /** Whether requests are accepted. */
  get isReady(): boolean {
    return this.thread.isReady;
  }

  /** Slots that are generating for it. */
  get busySlots(): number {
    return this.thread.busySlotsOf(this.name);
  }

  /** Texts accepted and not finished. */
  get pendingTexts(): number {
    return this.thread.pendingTextsOf(this.name);
  }

  /** @throws HttpError 503 while the model is not ready, 429 when the queue is full. */
  submit(request: CompletionRequest): Submission {
    return this.thread.submit(this.name, request);
  }
}

/** All models of the server. What one of them does, or its end, leaves requests for the others as they are. */
export class ModelPool {
  private readonly models = new Map<string, PooledModel>();
  private readonly threads: readonly InferenceThread[];
  /** By {@link weightsOf}, with the largest rank of an adapter. */
  private readonly shared = new Map<string, { readonly thread: InferenceThread; readonly rank: number }>();

  /** @param served at least one, each of another name. */
  constructor(
    served: readonly ServedModel[],
    private readonly settings: InferenceSettings,
    observer: InferenceObserver,
  ) {
    const titles = served.length === 1 ? 'at start' : 'when needed';
    const threads = new Map<string, InferenceThread>();
    for (const group of groupsOf(served)) {
      const thread = new InferenceThread({ group, titles }, settings, observer);
      for (const { name } of group.models) threads.set(name, thread);
      this.shared.set(weightsOf(group.models[0]!), { thread, rank: group.adapterRank ?? 0 });
    }
    for (const model of served) this.models.set(model.name, new PooledModel(model, threads.get(model.name)!));
    this.threads = [...new Set(threads.values())];
  }

  /** In the order they were named. */
  get all(): readonly PooledModel[] {
    return [...this.models.values()];
  }

  /** The first: of a server of one model, that. */
  get first(): PooledModel {
    return this.all[0]!;
  }

  /** Resolves when all models are loaded. @throws TitlesmithError when one cannot be. */
  get ready(): Promise<void> {
    const loaded = this.all.map(({ served, loaded }) =>
      loaded.catch((error: unknown) => {
        throw this.models.size === 1 ? error : about(served.model, error);
      }),
    );
    return Promise.all(loaded).then(() => {});
  }

  /** Resolves when every thread has ended: with undefined after {@link close}, else with the first error. */
  get ended(): Promise<Error | undefined> {
    return Promise.all(this.threads.map(({ ended }) => ended)).then((errors) => errors.find(Boolean));
  }

  /** Whether all models are loaded, and one accepts requests. */
  get isReady(): boolean {
    return !this.isLoading && this.threads.some(({ isReady }) => isReady);
  }

  get isLoading(): boolean {
    return this.threads.some(({ isLoading }) => isLoading);
  }

  /** The most texts one request may ask for. */
  get maxTexts(): number {
    return this.settings.slots + this.settings.queue;
  }

  /** The model of a name. @throws HttpError 404 with the names of those that there are. */
  find(name: string): PooledModel {
    const model = this.models.get(name);
    if (model) return model;
    const message = `There is no model ${JSON.stringify(name)} here; this server has ${this.names()}.`;
    throw new HttpError(404, message, { code: 'model_not_found', field: 'model' });
  }

  /**
   * The model that a request names, or the only one where it names none.
   * @throws HttpError 404 for an unknown name, 400 where one of several must be named.
   */
  choose(name: string | null | undefined): PooledModel {
    if (typeof name === 'string') return this.find(name);
    if (this.models.size === 1) return this.first;
    throw fieldError('model', `model must be named, as this server has several: ${this.names()}.`);
  }

  /**
   * Checks that a number of texts could be accepted now, of any model. Called before a body is read, so that rejecting is
   * cheap.
   * @throws HttpError 503 while no model is ready, 429 when all queues are full.
   */
  assertRoom(texts: number): void {
    if (this.threads.some((thread) => thread.hasRoom(texts))) return;
    this.threads[0]!.assertRoom(texts);
  }

  /**
   * Serves one more model, which shares weights that are loaded, while the others generate.
   * @throws TitlesmithError where they are not, its adapter is larger than those of the others, or it cannot be loaded.
   */
  async add(model: ServedModel): Promise<void> {
    const weights = this.shared.get(weightsOf(model));
    const rank = model.shared?.adapter?.rank ?? 0;
    if (!weights || rank > weights.rank) {
      const fault = weights
        ? `its adapter has rank ${rank}, and those of the server at most ${weights.rank}`
        : 'the weights that it would share are not loaded';
      throw new TitlesmithError(`${fault}.`, {
        code: 'model-added',
        hint: 'Start the server again to serve it.',
      });
    }
    await weights.thread.add(model);
    this.models.set(model.name, new PooledModel(model, weights.thread));
  }

  /** Accepts no more requests; {@link close} ends those in progress. */
  drain(): void {
    for (const thread of this.threads) thread.drain();
  }

  /** Ends the requests in progress and the threads. */
  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }

  private names(): string {
    const names = [...this.models.keys()].map((name) => JSON.stringify(name));
    const rest = names.length - mostListed;
    return rest > 0 ? `${names.slice(0, mostListed).join(', ')} and ${rest} more` : names.join(', ');
  }
}
