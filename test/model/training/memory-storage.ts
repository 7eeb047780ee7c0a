import type {
  MetricsLine,
  MetricsLog,
  StateTensor,
  TrainedAdapter,
  TrainingPosition,
  TrainingStorage,
} from '../../../src/model/training/training-storage.js';
import type { TransformerConfiguration } from '../../../src/model/transformer/configuration.js';
import { parameterSpecifications } from '../../../src/model/transformer/parameters.js';

/** A storage of training without files, as a browser has none. */
export class MemoryStorage implements TrainingStorage {
  /** What was saved last, by name. */
  state: ReadonlyMap<string, Float32Array> = new Map();
  position: TrainingPosition | undefined;
  /** The model that was best, by parameter. */
  weights: ReadonlyMap<string, Float32Array> = new Map();
  /** The adapters in them. */
  adapter: ReadonlyMap<string, Float32Array> | undefined;
  descriptions = 0;
  lines: MetricsLine[] = [];

  async loadState(tensors: readonly StateTensor[]): Promise<TrainingPosition | undefined> {
    if (this.position) for (const { name, data } of tensors) data.set(this.state.get(name)!);
    return this.position;
  }

  async saveState(tensors: readonly StateTensor[], position: TrainingPosition): Promise<void> {
    this.state = new Map(tensors.map(({ name, data }) => [name, data.slice()]));
    this.position = position;
  }

  async saveDescription(): Promise<void> {
    this.descriptions++;
  }

  async saveWeights(
    configuration: TransformerConfiguration,
    valuesOf: (name: string) => Float32Array,
  ): Promise<void> {
    this.weights = new Map(
      parameterSpecifications(configuration).map(({ name }) => [name, valuesOf(name).slice()]),
    );
  }

  readonly saveAdapter = async ({ specifications, valuesOf }: TrainedAdapter): Promise<void> => {
    this.adapter = new Map(specifications.map(({ name }) => [name, valuesOf(name).slice()]));
  };

  async openMetrics({ metricsLines }: Pick<TrainingPosition, 'metricsLines'>): Promise<MetricsLog> {
    this.lines.length = metricsLines;
    return {
      append: async (line) => {
        this.lines.push(line);
      },
      flush: async () => this.lines.length,
      close: async () => {},
    };
  }

  /** The metrics but for what hangs on the time. */
  get metrics(): Omit<MetricsLine, 'tokensPerSecond'>[] {
    return this.lines.map(({ tokensPerSecond: _, ...rest }) => rest);
  }
}
