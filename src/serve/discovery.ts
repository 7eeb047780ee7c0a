import type { ServedModel } from './served-model.js';

/** Models that appeared since a server started, each told once. */
interface FoundModels {
  readonly served: readonly ServedModel[];
  /** Why others that appeared are not to be served, a line each. */
  readonly refused: readonly string[];
}

/** Looks for models that were not there before. */
export type FindModels = () => Promise<FoundModels>;

/** What came of models that appeared. */
interface DiscoveryListener {
  onAdded(model: ServedModel, seconds: number): void;
  onRefused(reason: string): void;
}

/** Time between two looks. */
const intervalMs = 1000;

/** Serves models that appear while others are served, as far as these have their weights already. */
export class Discovery {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  /** @param serve loads a model. @throws Error, from there, when it cannot be served. */
  constructor(
    private readonly find: FindModels,
    private readonly serve: (model: ServedModel) => Promise<void>,
    private readonly listener: DiscoveryListener,
  ) {
    this.wait();
  }

  /** Looks no more. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private wait(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.look(), intervalMs).unref();
  }

  private async look(): Promise<void> {
    try {
      const { served, refused } = await this.find();
      for (const reason of refused) this.listener.onRefused(reason);
      for (const model of served) await this.add(model);
    } catch (error) {
      this.listener.onRefused(String(error));
    }
    this.wait();
  }

  private async add(model: ServedModel): Promise<void> {
    const began = performance.now();
    try {
      await this.serve(model);
      this.listener.onAdded(model, (performance.now() - began) / 1000);
    } catch (error) {
      this.listener.onRefused(
        `${model.name} is not served: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
}
