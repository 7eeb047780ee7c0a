import type { Shape } from '../graph/shape.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { TransformerConfiguration } from '../transformer/configuration.js';
import type { ParameterSpecification } from '../transformer/parameters.js';
import type { WeightSource } from '../transformer/weight-source.js';
import type { LossScaling } from './loss-scale.js';
import type { TrainedParameters } from './trainable-model.js';

/** How far training has got. With the weights, the moments and the seed it determines everything that follows. */
export interface TrainingPosition {
  /** Steps done. */
  readonly step: number;
  readonly initialValidationLoss: number;
  readonly bestValidationLoss: number;
  readonly bestStep: number;
  readonly lastValidationLoss: number;
  /** Evaluations since the best one. */
  readonly evaluationsWithoutImprovement: number;
  /** Number of metrics lines when this state was saved; later ones are written again. */
  readonly metricsLines: number;
  /** Undefined without mixed precision. */
  readonly lossScaling?: LossScaling;
  /** The sample whose copies ended the training; undefined: none did. */
  readonly endedBy?: SampledCopies;
}

/**
 * Metrics of a step; a line of metrics.jsonl. Losses are nats per token of titles (end token included). A skipped
 * step has no gradient norm, and no loss if that is not finite either.
 */
export interface MetricsLine {
  readonly step: number;
  readonly epoch: number;
  readonly loss?: number;
  readonly validationLoss?: number;
  /** Of the texts sampled at this step, the share that are near copies of training titles. */
  readonly nearCopyShare?: number;
  /** Number of texts sampled at this step, and how many of them are such copies. */
  readonly samples?: number;
  readonly copies?: number;
  readonly learningRate: number;
  readonly gradientNorm?: number;
  readonly tokensPerSecond: number;
  /** With mixed precision: the loss scale of the next step, and the number of steps skipped so far. */
  readonly lossScale?: number;
  readonly skippedSteps?: number;
}

/** How many texts were sampled, and how many of them are copies of training titles. */
export interface SampledCopies {
  readonly samples: number;
  readonly copies: number;
}

/** A tensor of the state that training resumes from: float32, row-major; its array belongs to the training. */
export interface StateTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array;
}

/**
 * Where training saves its state and its results. Implemented with files in src/run and src/pipeline/stages, and in memory where
 * there is no run folder. What it throws ends the training.
 */
export interface TrainingStorage {
  /** Fills the tensors from the last save. @returns the position saved with them; undefined if there is none. */
  loadState(tensors: readonly StateTensor[]): Promise<TrainingPosition | undefined>;
  /**
   * Replaces the saved state atomically.
   * @param summary more about the training, for people and programs; never read back.
   */
  saveState(
    tensors: readonly StateTensor[],
    position: TrainingPosition,
    summary: Readonly<Record<string, unknown>>,
  ): Promise<void>;
  /** Saves what does not change during training; called once, before the first step. */
  saveDescription(configuration: TransformerConfiguration, tokenizer: Tokenizer): Promise<void>;
  /**
   * Replaces the trained model atomically.
   * @param valuesOf a parameter's values by name; valid until its next call, so that merged weights never all exist
   *   at once.
   */
  saveWeights(
    configuration: TransformerConfiguration,
    valuesOf: (name: string) => Float32Array,
  ): Promise<void>;
  /** Saves the adapters that were merged into the weights of the last {@link saveWeights}. Missing where nobody reads them. */
  readonly saveAdapter?: (adapter: TrainedAdapter) => Promise<void>;
  /**
   * Opens the metrics and drops lines written after the last save, so that none appears twice.
   * @param saved the saved position; zeros if there is none.
   */
  openMetrics(saved: Pick<TrainingPosition, 'step' | 'metricsLines'>): Promise<MetricsLog>;
}

/** Adapters, and the model that they are trained on; its weights are the same in each save of a training. */
export interface TrainedAdapter {
  readonly configuration: TransformerConfiguration;
  readonly tokenizer: Tokenizer;
  readonly base: Pick<WeightSource, 'read'>;
  readonly specifications: readonly ParameterSpecification[];
  /** A factor's values by name; valid during the call. */
  readonly valuesOf: (name: string) => Float32Array;
}

export interface MetricsLog {
  append(line: MetricsLine): Promise<void>;
  /** Flushes all lines to disk. @returns the number of lines. */
  flush(): Promise<number>;
  close(): Promise<void>;
}

const savedStores = ['parameters', 'firstMoments', 'secondMoments'] as const;

/** The tensors that training resumes from, store by store, in the order of the forward pass. */
export function stateTensors(trained: TrainedParameters): StateTensor[] {
  return savedStores.flatMap((store) => {
    const { specifications, views } = trained[store];
    return specifications.map(({ name, shape }) => ({
      name: `${store}.${name}`,
      shape,
      data: views.get(name)!,
    }));
  });
}
